// SPDX-License-Identifier: Apache-2.0
// The versions of the protocol.

package import MQTT

/// A version of MQTT.
public enum MQTTVersion: Sendable, Hashable {
    /// MQTT 3.1, of 2010.
    case v31
    /// MQTT 3.1.1, of 2014.
    case v311
    /// MQTT 5.0, of 2019.
    case v5

    /// The version as packets have it.
    package var wireVersion: ProtocolVersion {
        switch self {
        case .v31: .v31
        case .v311: .v311
        case .v5: .v5
        }
    }
}
