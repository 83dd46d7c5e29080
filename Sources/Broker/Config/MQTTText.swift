// SPDX-License-Identifier: Apache-2.0
// Checks of text and topics that configuration values need.

/// Checks of text and topics that configuration values need.
enum MQTTText {
    /// The text of `bytes` if they are UTF-8 as MQTT wants it: no NUL, control or non-characters
    /// [MQTT-1.5.4-1].
    static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0...0x1F, 0x7F...0x9F, 0xFDD0...0xFDEF: return nil
            case let value where value & 0xFFFE == 0xFFFE: return nil
            default: continue
            }
        }
        return text
    }

    /// Whether the text has no wildcard and is short enough for a topic name.
    static func isTopicName(_ text: String) -> Bool {
        text.utf8.count <= 65535 && !text.utf8.contains { $0 == 0x2B || $0 == 0x23 }
    }

    /// Whether the text is a topic filter: wildcards fill whole levels, `#` is the last one
    /// [MQTT-4.7.1-1] [MQTT-4.7.1-2].
    static func isTopicFilter(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 65535 else { return false }
        let levels = text.utf8.split(separator: 0x2F, omittingEmptySubsequences: false)
        for (index, level) in levels.enumerated() {
            if level.contains(0x2B), level.count != 1 { return false }
            if level.contains(0x23), level.count != 1 || index != levels.count - 1 { return false }
        }
        return true
    }
}
