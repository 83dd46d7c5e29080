// SPDX-License-Identifier: Apache-2.0
// What a driver tells whoever uses it.

/// A request for subscriptions, or for their end, until it is answered.
package struct ClientRequest: Hashable, Sendable {
    let number: UInt64
}

/// How a client's messages and requests go on; called on the thread of its reactor.
///
/// The driver may be used from within each of these calls, but for `received`, within which nothing may end
/// the connection but `disconnect`.
package protocol ClientDriverDelegate: AnyObject {
    /// The server has accepted the client, for the first time or again.
    func client(_ client: ClientDriver, connected connack: MQTTConnack)

    /// Messages that are alike have arrived; pointers are valid during the call.
    ///
    /// They are acknowledged when this has returned.
    func client(_ client: ClientDriver, received messages: UnsafeReceivedMessages)

    /// What came with one read of the socket has been told of.
    func clientTookBatch(_ client: ClientDriver)

    /// A message that was accepted is over: the server has it, or does not take it.
    func client(
        _ client: ClientDriver,
        completed ticket: UInt64,
        packetIdentifier: UInt16,
        _ code: MQTTReasonCode,
        reason: String?
    )

    /// The answer to a request, with one code for each filter; none for UNSUBACK before 5.0.
    ///
    /// The request is nil where the client has renewed its subscriptions.
    func client(
        _ client: ClientDriver,
        answered request: ClientRequest?,
        packetIdentifier: UInt16,
        _ codes: [MQTTReasonCode]
    )

    /// A request will not be answered.
    func client(_ client: ClientDriver, gaveUp request: ClientRequest, _ error: MQTTError)

    /// The connection is over, or there is none; nil where the client has ended it.
    ///
    /// Tried again after so many milliseconds; nil: not tried again.
    func client(_ client: ClientDriver, ended error: MQTTError?, retryIn milliseconds: Int64?)

    /// After `publish` has said `.full`: there is room again.
    func clientHasRoom(_ client: ClientDriver)

    /// The server has accepted a further authentication.
    func clientReauthenticated(_ client: ClientDriver)

    /// Whether each packet is to be told of, asked when the client begins to connect.
    var wantsTrace: Bool { get }

    /// A packet as it goes out or has come in; the bytes are valid during the call.
    func client(_ client: ClientDriver, traced packet: UnsafeRawBufferPointer, isSent: Bool)
}

extension ClientDriverDelegate {
    package func client(_ client: ClientDriver, connected connack: MQTTConnack) {}
    package func client(_ client: ClientDriver, received messages: UnsafeReceivedMessages) {}
    package func clientTookBatch(_ client: ClientDriver) {}
    package func client(
        _ client: ClientDriver,
        completed ticket: UInt64,
        packetIdentifier: UInt16,
        _ code: MQTTReasonCode,
        reason: String?
    ) {}
    package func client(
        _ client: ClientDriver,
        answered request: ClientRequest?,
        packetIdentifier: UInt16,
        _ codes: [MQTTReasonCode]
    ) {}
    package func client(
        _ client: ClientDriver,
        gaveUp request: ClientRequest,
        _ error: MQTTError
    ) {}
    package func client(
        _ client: ClientDriver,
        ended error: MQTTError?,
        retryIn milliseconds: Int64?
    ) {}
    package func clientHasRoom(_ client: ClientDriver) {}
    package func clientReauthenticated(_ client: ClientDriver) {}
    package var wantsTrace: Bool { false }
    package func client(
        _ client: ClientDriver,
        traced packet: UnsafeRawBufferPointer,
        isSent: Bool
    ) {}
}
