// SPDX-License-Identifier: Apache-2.0
// What a tool does with its connection, without any I/O of its own.

/// What a tool does with its connection; everything happens on one thread.
package protocol ToolFlow: AnyObject {
    /// The broker has accepted the client, for the first time or again.
    func connected(_ connection: any ToolConnection)
    /// The broker has answered a subscription, one code for each filter.
    func subscribed(_ connection: any ToolConnection, _ packetIdentifier: UInt16, _ codes: [UInt8])
    /// A message is done: written at QoS 0, acknowledged otherwise.
    func completed(
        _ connection: any ToolConnection,
        _ packetIdentifier: UInt16,
        _ reason: UInt8,
        _ reasonString: String?
    )
    /// A message has come.
    func received(_ connection: any ToolConnection, _ message: UnsafePrintedMessage)
    /// The connection is gone.
    func disconnected()
    /// Leaves because of a signal or because the time is over.
    func interrupt(_ connection: any ToolConnection)
    /// There is room again for messages, or time has passed; milliseconds of a clock that only goes
    /// forward.
    func proceed(_ connection: any ToolConnection, now: Int64)
    /// When `proceed` is wanted whatever else happens; nil: never.
    var deadline: Int64? { get }
    /// Messages that were sent and are done.
    var doneCount: Int { get }
    /// Whether a lost connection is to be made anew.
    var reconnects: Bool { get }
}

extension ToolFlow {
    package func subscribed(_: any ToolConnection, _: UInt16, _: [UInt8]) {}
    package func completed(_: any ToolConnection, _: UInt16, _: UInt8, _: String?) {}
    package func received(_: any ToolConnection, _: UnsafePrintedMessage) {}
    package func disconnected() {}
    package func proceed(_: any ToolConnection, now: Int64) {}
    package func interrupt(_: any ToolConnection) {}
    package var deadline: Int64? { nil }
    package var doneCount: Int { 0 }
    package var reconnects: Bool { false }
}
