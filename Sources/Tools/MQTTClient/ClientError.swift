// SPDX-License-Identifier: Apache-2.0
// What can go wrong between a client and its broker.

import Glibc
package import MQTT

/// Why a client cannot go on.
package enum ClientError: Error, Equatable {
    /// A system call failed with this errno.
    case system(call: String, code: CInt)
    /// The options cannot be followed; says why.
    case options(String)
    /// The host name could not be resolved.
    case lookup(String)
    /// The proxy refused or made no sense.
    case proxy(String)
    /// TLS could not be set up, or the broker's certificate was not accepted.
    case tls(String)
    /// The broker answered CONNECT with this code, which means what the version says.
    case refused(code: UInt8, version: ProtocolVersion)
    /// The broker sent DISCONNECT with this reason.
    case disconnected(ReasonCode)
    /// The broker closed the connection.
    case closed
    /// The answer did not come in time.
    case timeout
    /// The broker broke the rules of MQTT, or an argument would have.
    case protocolError(String)

    /// The error in words, for the end of a message.
    package var text: String {
        switch self {
        case .system(_, let code): String(cString: strerror(code))
        case .options(let text): text
        case .lookup: "Lookup error."
        case .proxy(let text): "Proxy error: \(text)"
        case .tls(let text): text.isEmpty ? "A TLS error occurred." : text
        case .refused(let code, let version): ReasonText.connack(code, version)
        case .disconnected(let reason): ReasonText.text(of: reason)
        case .closed: "The connection was lost."
        case .timeout: "Timed out."
        case .protocolError(let text): text
        }
    }
}
