// SPDX-License-Identifier: Apache-2.0
// Checks of text and topics that configuration values need.

import TopicRules

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

    /// Whether the text may be put in front of topic names: a topic name, or nothing.
    static func isTopicPrefix(_ text: String) -> Bool {
        text.isEmpty || isTopicName(text)
    }

    /// Whether the text is a topic name: what can be published to.
    static func isTopicName(_ text: String) -> Bool {
        TopicRules.isName(text.utf8Span.span)
    }

    /// Whether the text is a topic filter.
    static func isTopicFilter(_ text: String) -> Bool {
        TopicRules.isFilter(text.utf8Span.span)
    }
}
