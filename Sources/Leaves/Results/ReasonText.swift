// SPDX-License-Identifier: Apache-2.0
// Reason codes of MQTT 5.0 and return codes of MQTT 3.x, in words.

/// Reason codes in words.
package enum ReasonText {
    /// The name of a reason code (5.0 section 2.4), whatever packet it comes in.
    package static func text(of reason: CInt) -> StaticString {
        switch reason {
        case 0: "Success"
        case 1: "Granted QoS 1"
        case 2: "Granted QoS 2"
        case 4: "Disconnect with Will Message"
        case 16: "No matching subscribers"
        case 17: "No subscription existed"
        case 24: "Continue authentication"
        case 25: "Re-authenticate"
        case 128...162: refusals[Int(reason) - 128]
        default: "Unknown reason"
        }
    }

    /// What a CONNACK with a return code of MQTT 3.x says (3.1.1 section 3.2.2.3).
    package static func connack(_ returnCode: CInt) -> StaticString {
        switch returnCode {
        case 0: "Connection Accepted"
        case 1: "Connection Refused: unacceptable protocol version"
        case 2: "Connection Refused: identifier rejected"
        case 3: "Connection Refused: broker unavailable"
        case 4: "Connection Refused: bad user name or password"
        case 5: "Connection Refused: not authorised"
        default: "Connection Refused: unknown reason"
        }
    }

    /// The reason codes 128 to 162, in order.
    private static let refusals: [StaticString] = [
        "Unspecified error", "Malformed Packet", "Protocol Error", "Implementation specific error",
        "Unsupported Protocol Version", "Client Identifier not valid", "Bad User Name or Password",
        "Not authorized", "Server unavailable", "Server busy", "Banned", "Server shutting down",
        "Bad authentication method", "Keep Alive timeout", "Session taken over",
        "Topic Filter invalid", "Topic Name invalid", "Packet Identifier in use",
        "Packet Identifier not found", "Receive Maximum exceeded", "Topic Alias invalid",
        "Packet too large", "Message rate too high", "Quota exceeded", "Administrative action",
        "Payload format invalid", "Retain not supported", "QoS not supported", "Use another server",
        "Server moved", "Shared Subscriptions not supported", "Connection rate exceeded",
        "Maximum connect time", "Subscription identifiers not supported",
        "Wildcard Subscriptions not supported",
    ]
}
