// SPDX-License-Identifier: Apache-2.0
// Why there is no outgoing connection, in words.

/// Why an outgoing connection could not be made.
package enum OutgoingFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The steps on the way.
    package enum Step: String, Sendable {
        /// Looking the name up.
        case lookup = "looking up the name"
        /// Connecting to one of the addresses.
        case connecting = "connecting"
        /// Asking a proxy for a connection to the server.
        case proxy = "asking the proxy"
        /// Shaking hands.
        case tls = "the TLS handshake"
        /// Opening the WebSocket.
        case webSocket = "opening the WebSocket"
    }

    /// The resolver knows no address; its words.
    case lookup(String)
    /// The last address that was tried, and why it failed.
    case connecting(PeerAddress, SystemError)
    /// A step took longer than it may; the milliseconds it had.
    case timeout(Step, milliseconds: Int64)
    /// A proxy did not connect to the server; why, and the code of its reply if there was one.
    case proxy(String, reply: UInt8? = nil)
    /// A layer between the socket and the packets gave the connection up.
    case refused(TransportError)
    /// The server closed the connection before it was open.
    case closed

    /// The cause as log lines have it.
    package var description: String {
        switch self {
        case .lookup(let reason): "looking up the name: \(reason)"
        case .connecting(let peer, let error):
            switch peer {
            case .unix(let path): "\(path): \(error.reason)"
            default: "\(peer.host) port \(peer.port): \(error.reason)"
            }
        case .timeout(let step, let milliseconds):
            "\(step.rawValue) took longer than \(milliseconds / 1000) s"
        case .proxy(let reason, _): "the proxy: \(reason)"
        case .refused(.handshake(let failure)):
            "the TLS handshake: \(failure.explanation ?? failure.error)"
        case .refused(.tls(let reason)): "TLS: \(reason)"
        case .refused(.webSocket(let reason)): "the WebSocket: \(reason)"
        case .refused(.proxy): "the PROXY protocol"
        case .closed: "the server closed the connection"
        }
    }
}
