// SPDX-License-Identifier: Apache-2.0
// What a birth message is kept as.

import PluginSDK

/// Where and how the copy of a birth message is kept: retained, with the payload as it came.
struct BirthCertificate: Equatable {
    /// What stands before the topic of the birth.
    static let prefix = "$sparkplug/certificates/"

    /// The topic of the copy.
    let topic: String
    /// Those properties of the birth that say what its payload is.
    ///
    /// An expiry would take the certificate away from whoever comes late, and a request for a response is for those who
    /// were there.
    let properties: [Property]

    /// Describes the copy of a birth message that came on `topic`; `nil` if its topic would be too long for MQTT.
    init?(topic: String, properties: [Property]) {
        guard topic.utf8.count <= Topic.lengthMax - Self.prefix.utf8.count else { return nil }
        self.topic = Self.prefix + topic
        self.properties = properties.filter {
            switch $0.identifier {
            case .payloadFormatIndicator, .contentType, .userProperty: true
            default: false
            }
        }
    }
}
