// SPDX-License-Identifier: Apache-2.0
// Options about plugins in processes of their own: of a plugin, or of all that come below.

extension ConfigurationParser {
    /// The options of this file.
    static let isolationOptions: Set<String> = [
        "plugin_isolation", "plugin_failure", "plugin_timeout", "plugin_restart_wait",
        "plugin_memory_limit",
    ]

    /// An option of the current plugin, or without one of all that come below.
    mutating func parseIsolation(_ line: inout OptionLine) throws(ConfigurationError) {
        assert(Self.isolationOptions.contains(line.name), "an option of this file")
        guard let index = context.plugin else {
            return try Self.parse(&line, into: &isolationDefault)
        }
        try Self.parse(&line, into: &configuration.plugins[index].isolation)
    }

    private static func parse(
        _ line: inout OptionLine,
        into isolation: inout PluginIsolation
    ) throws(ConfigurationError) {
        switch line.name {
        case "plugin_isolation": isolation.mode = try choice(&line)
        case "plugin_failure": isolation.failure = try choice(&line)
        case "plugin_timeout": isolation.timeoutSeconds = try seconds(&line, from: 1)
        case "plugin_memory_limit":
            let value = try line.int()
            guard 0...PluginIsolation.memoryLargest ~= value else { throw line.invalid(value) }
            isolation.memoryMax = value
        default: isolation.restartWaitSeconds = try seconds(&line, from: 0)
        }
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ line: inout OptionLine
    ) throws(ConfigurationError) -> Choice {
        let word = try line.word()
        guard let choice = Choice(rawValue: word) else {
            throw line.invalid(word, known: Choice.allCases.map(\.rawValue))
        }
        return choice
    }

    private static func seconds(
        _ line: inout OptionLine,
        from least: Int
    ) throws(ConfigurationError) -> Int {
        let value = try line.int()
        guard least...PluginIsolation.secondsMax ~= value else { throw line.invalid(value) }
        return value
    }
}
