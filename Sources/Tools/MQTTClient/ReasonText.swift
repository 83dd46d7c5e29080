// SPDX-License-Identifier: Apache-2.0
// Reason codes in the words mosquitto's programs print.

package import MQTT

/// Reason codes in words.
package enum ReasonText {
    /// The name of a reason code (MQTT 5.0 section 2.4) as the original tools print it.
    package static func text(of reason: ReasonCode) -> String {
        names[reason.rawValue] ?? "Unknown reason"
    }

    /// What a CONNACK with `code` says in the protocol version it came in.
    package static func connack(_ code: UInt8, _ version: ProtocolVersion) -> String {
        guard version != .v5 else { return text(of: ReasonCode(rawValue: code)) }
        let reasons = [
            "unacceptable protocol version", "identifier rejected", "broker unavailable",
            "bad user name or password", "not authorised",
        ]
        guard code > 0 else { return "Connection Accepted." }
        let reason = Int(code) <= reasons.count ? reasons[Int(code) - 1] : "unknown reason"
        return "Connection Refused: \(reason)."
    }

    private static let names: [UInt8: String] = [
        0: "Success", 1: "Granted QoS 1", 2: "Granted QoS 2", 4: "Disconnect with Will Message",
        16: "No matching subscribers", 17: "No subscription existed",
        24: "Continue authentication", 25: "Re-authenticate", 128: "Unspecified error",
        129: "Malformed Packet", 130: "Protocol Error", 131: "Implementation specific error",
        132: "Unsupported Protocol Version", 133: "Client Identifier not valid",
        134: "Bad User Name or Password", 135: "Not authorized", 136: "Server unavailable",
        137: "Server busy", 138: "Banned", 139: "Server shutting down",
        140: "Bad authentication method", 141: "Keep Alive timeout", 142: "Session taken over",
        143: "Topic Filter invalid", 144: "Topic Name invalid", 145: "Packet Identifier in use",
        146: "Packet Identifier not found", 147: "Receive Maximum exceeded",
        148: "Topic Alias invalid", 149: "Packet too large", 150: "Message rate too high",
        151: "Quota exceeded", 152: "Administrative action", 153: "Payload format invalid",
        154: "Retain not supported", 155: "QoS not supported", 156: "Use another server",
        157: "Server moved", 158: "Shared Subscriptions not supported",
        159: "Connection rate exceeded", 160: "Maximum connect time",
        161: "Subscription identifiers not supported", 162: "Wildcard Subscriptions not supported",
    ]
}
