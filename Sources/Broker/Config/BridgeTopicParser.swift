// SPDX-License-Identifier: Apache-2.0
// The `topic` option of bridges.

import Log

/// Reads `topic <pattern> [direction [qos [local-prefix [remote-prefix]]]]`.
enum BridgeTopicParser {
    /// Adds the line's topic to the bridge; a line that is there already is skipped.
    @Sendable
    static func apply(
        _ bridge: inout BridgeConfiguration,
        _ line: inout OptionLine
    ) throws(ConfigurationError) {
        let topic = try topic(&line)
        guard !bridge.topics.contains(topic) else {
            let text = "Duplicate bridge topic '\(topic.pattern)', skipping"
            line.remarks.append(LogRecord(.information, text))
            return
        }
        bridge.topics.append(topic)
    }

    /// Reads and checks the fields.
    private static func topic(
        _ line: inout OptionLine
    ) throws(ConfigurationError) -> BridgeTopic {
        let pattern = try pattern(&line)
        let direction = try direction(line.nextWord())
        var fields: [String] = []
        while fields.count < 3, let word = line.nextWord(), !word.hasPrefix("#") {
            fields.append(word)
        }
        let qos = try fields.first.map(qos) ?? 0
        let local = try fields.count > 1 ? prefix(fields[1], side: "local") : ""
        let remote = try fields.count > 2 ? prefix(fields[2], side: "remote") : ""
        guard !pattern.isEmpty || (!local.isEmpty && !remote.isEmpty) else {
            throw ConfigurationError("Error: Invalid bridge remapping.")
        }
        for (side, prefix) in [("local", local), ("remote", remote)]
        where !MQTTText.isTopicFilter(prefix + pattern) {
            throw ConfigurationError(
                "Error: Invalid bridge topic \(side) prefix and pattern combination"
                    + " '\(prefix)\(pattern)'."
            )
        }
        return BridgeTopic(
            pattern: pattern,
            direction: direction,
            qos: qos,
            localPrefix: local,
            remotePrefix: remote
        )
    }

    /// A word, or text between double quotes; `""` is the empty pattern.
    private static func pattern(
        _ line: inout OptionLine
    ) throws(ConfigurationError) -> String {
        guard line.restBegins(with: UInt8(ascii: "\"")) else { return try line.word() }
        return try line.quoted { text in
            ConfigurationError("Error: Missing closing quote in topic value (\(text)).")
        }
    }

    /// `in`, `out` or `both` in any case; out if it is missing.
    private static func direction(
        _ word: String?
    ) throws(ConfigurationError) -> BridgeTopic.Direction {
        guard let word else { return .out }
        guard let direction = BridgeTopic.Direction(rawValue: word.lowercased()) else {
            throw ConfigurationError("Error: Invalid bridge topic direction '\(word)'.")
        }
        return direction
    }

    /// 0, 1 or 2.
    private static func qos(_ word: String) throws(ConfigurationError) -> Int {
        guard let qos = Int(word), 0...2 ~= qos else {
            throw ConfigurationError("Error: Invalid bridge QoS level '\(word)'.")
        }
        return qos
    }

    /// Text without wildcards; `""` is none.
    private static func prefix(
        _ word: String,
        side: String
    ) throws(ConfigurationError) -> String {
        guard word != "\"\"" else { return "" }
        guard MQTTText.isTopicPrefix(word) else {
            throw ConfigurationError("Error: Invalid bridge topic \(side) prefix '\(word)'.")
        }
        return word
    }
}
