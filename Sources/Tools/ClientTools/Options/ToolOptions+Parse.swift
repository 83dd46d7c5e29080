// SPDX-License-Identifier: Apache-2.0
// Reads the command line and the options file of a client tool.

import MQTT
import ProgramOptions

/// What surrounds a command line.
package struct ToolEnvironment: Sendable {
    /// `XDG_CONFIG_HOME`, nil if it is not set.
    package var configurationFolder: String?
    /// `HOME`, nil if it is not set.
    package var home: String?
    /// Reads a file; nil if that is not possible.
    package var read: @Sendable (String) -> [UInt8]?

    /// Describes the surroundings.
    package init(
        configurationFolder: String? = nil,
        home: String? = nil,
        read: @escaping @Sendable (String) -> [UInt8]? = { _ in nil }
    ) {
        self.configurationFolder = configurationFolder
        self.home = home
        self.read = read
    }
}

extension ToolOptions {
    /// Reads the words behind the program's name, after those of the options file.
    package init(
        _ tool: ClientTool,
        words: [[UInt8]],
        environment: ToolEnvironment
    ) throws(OptionProblem) {
        let texts = words.map(\.text)
        if let text = CompletionShell.completions(askedBy: texts, of: tool.program) {
            throw .answer(text)
        }
        self.init(tool)
        let table = tool.optionsByName
        if let path = try Self.optionsFile(of: tool, words, table, environment),
            let content = environment.read(path)
        {
            for line in OptionsFileLines.words(of: content) { try apply(line[...], table) }
        }
        try apply(words[...], table)
        try complete()
    }

    private mutating func apply(
        _ words: ToolOption.Words,
        _ table: [String: ToolOption]
    ) throws(OptionProblem) {
        var rest = words
        while let word = rest.popFirst() {
            guard let option = table[word.text] else {
                throw .plain("Error: Unknown option '\(word.text)'.")
            }
            guard rest.count >= option.valueCount else { throw option.complaint }
            try option.apply(&self, &rest)
        }
    }

    /// The path of the options file; values of other options are not looked at.
    private static func optionsFile(
        of tool: ClientTool,
        _ words: [[UInt8]],
        _ table: [String: ToolOption],
        _ environment: ToolEnvironment
    ) throws(OptionProblem) -> String? {
        var path: String?
        var rest = words[...]
        while let word = rest.popFirst() {
            guard let option = table[word.text] else { continue }
            if word.text == "-o" {
                guard let value = rest.first else { throw option.complaint }
                guard path == nil else { throw .spaced("Error: Duplicate -o argument given.") }
                path = value.text
            }
            rest = rest.dropFirst(option.valueCount)
        }
        if let path { return path }
        if let folder = environment.configurationFolder { return "\(folder)/\(tool.rawValue)" }
        return environment.home.map { "\($0)/.config/\(tool.rawValue)" }
    }
}

extension ClientTool {
    /// The options the tool knows, by each of their names.
    fileprivate var optionsByName: [String: ToolOption] {
        var table: [String: ToolOption] = [:]
        for option in options { for name in option.description.names { table[name] = option } }
        return table
    }
}
