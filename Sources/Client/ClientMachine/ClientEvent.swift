// SPDX-License-Identifier: Apache-2.0
// What a client's machine tells its driver.

package import MQTT

/// What has happened on a client's connection.
///
/// Pointers are valid as long as the bytes that were handed in.
package enum ClientEvent {
    /// The next packet is not complete; it has so many bytes, 0 if that is not known yet.
    case needsMore(packetByteCount: Int)
    /// A packet that concerns nobody but the machine.
    case nothing
    /// The server has accepted the client: `limits` and the windows are set for this connection.
    ///
    /// If no session is present, the receive window has been emptied, and the messages that were
    /// kept at its places are to be forgotten.
    case connected(ConnackPacket)
    /// The server has refused the client; the connection is over.
    case refused(ConnackPacket)
    /// The server wants to know more: `answer` it.
    case challenged([UInt8]?)
    /// The server has accepted a further authentication.
    case reauthenticated([UInt8]?)
    /// A message.
    case publish(UnsafeReceivedPublish)
    /// Messages that differ in payload and packet identifier alone.
    case publishes(UnsafePublishStretch)
    /// A QoS 2 message that is at this place of the receive window already: PUBREC once more.
    case repeated(place: Int, packetIdentifier: UInt16)
    /// QoS 2 messages that are released; they have left the receive window.
    case released(AnswerStretch)
    /// QoS 1 and 2 messages that are over; they have left the send window.
    case acknowledged(AnswerStretch, ReasonCode)
    /// The message that `announce` has sent is over.
    case announced(ReasonCode)
    /// PUBREC for a QoS 2 message: `release` it, unless the machine does so.
    case received(packetIdentifier: UInt16)
    /// The answer to `subscribe`, one code for each filter.
    case subscribed(packetIdentifier: UInt16, [ReasonCode])
    /// The answer to `unsubscribe`, one code for each filter; none before 5.0.
    case unsubscribed(packetIdentifier: UInt16, [ReasonCode])
    /// PINGRESP.
    case answeredPing
    /// The server has ended the connection.
    case disconnected(ServerDisconnect)
    /// The connection must end; what the server is to hear of it has been written.
    case failed(PacketError)
}

/// What a server said with DISCONNECT (5.0 section 3.14).
package struct ServerDisconnect: Sendable, Equatable {
    /// Why.
    package let reasonCode: ReasonCode
    /// The same in words.
    package let reasonString: String?
    /// Another server to use.
    package let serverReference: String?

    /// Copies what is of interest.
    init(_ packet: DisconnectPacket, _ body: RawSpan) {
        reasonCode = packet.reasonCode
        reasonString = packet.reasonString.map { UnsafeLoad.string(body, $0) }
        serverReference = packet.serverReference.map { UnsafeLoad.string(body, $0) }
    }
}

/// How a connection has ended, or that it has not.
package enum ClientEnd: Sendable, Equatable {
    /// It has not.
    case open
    /// The server has refused CONNECT.
    case refused
    /// The server has sent DISCONNECT.
    case byServer
    /// The client has sent DISCONNECT without an error.
    case byClient
    /// One side has broken the protocol or did not answer in time.
    case failed
    /// It was cut.
    case cut
}

/// One step of a machine through the bytes of a server.
package struct ClientStep {
    /// Bytes of the packets that are done; 0 while the next one is not complete.
    package let byteCount: Int
    /// What they mean.
    package let event: ClientEvent
}
