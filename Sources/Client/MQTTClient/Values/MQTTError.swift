// SPDX-License-Identifier: Apache-2.0
// What can go wrong between a client and its server.

import Glibc
import Results

/// Why a client could not do what it was asked for.
public enum MQTTError: Error, Sendable, Equatable {
    /// The configuration cannot be followed; says why.
    case configuration(String)
    /// Something that is not supported; says what.
    case notSupported(String)
    /// The server's name, or a proxy's, has no address; the resolver's words.
    case lookup(String)
    /// No connection to the server could be made; the last address that was tried, and `errno`.
    case unreachable(address: String, code: Int32)
    /// The proxy did not connect to the server; says why.
    case proxy(String)
    /// TLS could not be set up, or the server did not prove who it is; says why.
    case tls(String)
    /// The server did not agree to a WebSocket; says why.
    case webSocket(String)
    /// The server, or something on the way to it, did not answer in time; says what took too long.
    case timedOut(String)
    /// The server has refused the client with this code of CONNACK, in the terms of a version.
    case refused(code: UInt8, version: MQTTVersion)
    /// The server has ended the connection with DISCONNECT.
    case disconnected(MQTTReasonCode, reason: String?)
    /// The connection was closed, by the server or on the way.
    case connectionLost
    /// There is no connection.
    case notConnected
    /// The client is connected already, or about to be.
    case alreadyConnected
    /// The server has not answered within the keep alive interval.
    case keepAliveExceeded
    /// The server has sent what cannot be read; says how.
    case malformedPacket(String)
    /// The server has broken the protocol; says how.
    case protocolViolation(String)
    /// Authentication has failed on the client's side, as when the server could not prove who it is.
    case authentication(String)
    /// A topic name or filter is malformed.
    case invalidTopic(String)
    /// The message, or request, is larger than the server takes.
    case packetTooLarge
    /// The server does not take messages of this QoS.
    case qosNotSupported
    /// The server does not offer what was asked for: wildcards, shared subscriptions, identifiers.
    case notAvailable
    /// As many messages wait as may.
    case queueFull
    /// The server has not taken the message; with what it said about that.
    case publishRefused(MQTTReasonCode, reason: String?)
    /// The server has refused the subscription.
    case subscribeRefused(MQTTReasonCode)
    /// A message could not be taken over because its connection, or the client, had ended.
    case closed
}

extension MQTTError: CustomStringConvertible {
    /// The error in a sentence.
    public var description: String {
        switch self {
        case .configuration(let text), .notSupported(let text): text
        case .lookup(let text): "The name has no address: \(text)"
        case .unreachable(let address, let code):
            "\(address): \(String(cString: strerror(code)))"
        case .proxy(let text): "Proxy error: \(text)"
        case .tls(let text): text.isEmpty ? "A TLS error occurred." : text
        case .webSocket(let text): "WebSocket: \(text)"
        case .timedOut(let what): "Timed out: \(what)"
        case .refused(let code, let version): Self.refusal(code, version)
        case .disconnected(let code, let reason):
            reason.map { "\(code) (\($0))" } ?? code.description
        case .connectionLost: "The connection was lost."
        case .notConnected: "The client is not currently connected."
        case .alreadyConnected: "The client is connected already."
        case .keepAliveExceeded: "The broker has not answered in time."
        case .malformedPacket(let text), .protocolViolation(let text):
            "The broker sent a bad packet: \(text)."
        case .authentication(let text): "Authentication failed: \(text)"
        case .invalidTopic(let topic): "'\(topic)' is not valid here."
        case .packetTooLarge: "The packet is larger than the broker takes."
        case .qosNotSupported: "The broker does not take messages of this QoS."
        case .notAvailable: "The broker does not offer this."
        case .queueFull: "Too many messages wait."
        case .publishRefused(let code, let reason):
            reason.map { "\(code) (\($0))" } ?? code.description
        case .subscribeRefused(let code): code.description
        case .closed: "The client has ended."
        }
    }

    private static func refusal(_ code: UInt8, _ version: MQTTVersion) -> String {
        guard version != .v5 else { return MQTTReasonCode(rawValue: code).description }
        return "\(ReasonText.connack(CInt(code)))."
    }
}
