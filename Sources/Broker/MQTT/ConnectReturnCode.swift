// SPDX-License-Identifier: Apache-2.0
// The return codes of CONNACK in 3.1 and 3.1.1.

/// A Connect Return code (3.1.1 section 3.2.2.3); 5.0 has `ReasonCode` in its place.
package enum ConnectReturnCode: UInt8, Sendable {
    /// The client is let in.
    case accepted = 0
    /// The broker does not support the level of the protocol.
    case unacceptableProtocolVersion = 1
    /// The client identifier is well formed but not allowed.
    case identifierRejected = 2
    /// The MQTT service is unavailable.
    case serverUnavailable = 3
    /// The user name or the password is malformed.
    case badUserNameOrPassword = 4
    /// The client may not connect.
    case notAuthorized = 5
}
