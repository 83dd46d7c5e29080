// SPDX-License-Identifier: Apache-2.0
// Reason codes in the words mosquitto's programs print.

package import MQTT
import Results

/// Reason codes in words.
package enum ReasonText {
    /// The name of a reason code (MQTT 5.0 section 2.4) as the original tools print it.
    package static func text(of reason: ReasonCode) -> String {
        "\(Results.ReasonText.text(of: CInt(reason.rawValue)))"
    }

    /// What a CONNACK with `code` says in the protocol version it came in.
    package static func connack(_ code: UInt8, _ version: ProtocolVersion) -> String {
        guard version != .v5 else { return text(of: ReasonCode(rawValue: code)) }
        return "\(Results.ReasonText.connack(CInt(code)))."
    }
}
