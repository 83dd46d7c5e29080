// SPDX-License-Identifier: Apache-2.0
// What the tools ask of a connection, and what they hear of it.

package import MQTT

/// What has become of a message that a tool wanted to send.
package enum PublishAnswer: Sendable, Equatable {
    /// It is under way; the packet identifier is 0 at QoS 0.
    case accepted(packetIdentifier: UInt16)
    /// As many are under way as there may be: try again when others are done.
    case full
    /// The broker takes none of this size.
    case tooLarge
    /// The broker takes none of this QoS.
    case qosNotSupported
    /// The topic is none that a message can have.
    case invalidTopic
    /// There is no connection.
    case notConnected
}

/// What a tool asks of its connection to the broker.
package protocol ToolConnection: AnyObject {
    /// Sends a message, whose payload is copied.
    func publish(
        topic: [UInt8],
        payload: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool,
        properties: [UInt8]
    ) -> PublishAnswer
    /// Asks for subscriptions.
    func subscribe(_ filters: [[UInt8]], _ options: SubscriptionOptions, properties: [UInt8])
    /// Ends one subscription.
    func unsubscribe(_ filter: [UInt8], properties: [UInt8])
    /// Ends the connection in good order once all has been written.
    func disconnect(_ reason: ReasonCode, properties: [UInt8])
}

/// How a connection came to its end, or could not be made.
package enum ConnectionEnd: Sendable, Equatable {
    /// The tool has ended it.
    case wanted
    /// The broker has refused CONNECT, with a code of 3.x or a reason code of 5.0.
    case refused(code: UInt8)
    /// The connection could not be opened, because of the number of a system error.
    case unreachable(errno: Int32)
    /// The connection could not be opened, because of this error of the library.
    case unopened(library: Int32)
    /// The open connection has ended with this error of the library, or reason code of the broker.
    case lost(library: Int32)
}
