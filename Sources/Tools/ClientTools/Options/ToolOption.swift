// SPDX-License-Identifier: Apache-2.0
// One option of the client tools.

package import ProgramOptions

/// One option: its names, which tools know it, and what it sets.
struct ToolOption: Sendable {
    /// The words behind an option, from which it takes its values.
    typealias Words = ArraySlice<[UInt8]>

    /// Its names, its value and what it does.
    var description: CommandLineOption
    /// The tools that know it.
    var tools: ClientTool.Group
    /// The name errors call it by.
    var title: String
    /// What errors say of a value that is not there; nil for options without values.
    var missing: String?
    /// Words the option takes, at least.
    var valueCount: Int
    /// Takes further words if need be, and stores what was said.
    var apply: @Sendable (inout ToolOptions, inout Words) throws(OptionProblem) -> Void

    /// An option that is given or not.
    static func flag(
        _ names: String...,
        for tools: ClientTool.Group = .all,
        does summary: String,
        set: @escaping @Sendable (inout ToolOptions) -> Void
    ) -> ToolOption {
        ToolOption(
            description: CommandLineOption(names, summary),
            tools: tools,
            title: names[0],
            missing: nil,
            valueCount: 0
        ) { options, _ in set(&options) }
    }

    /// An option with one value, any bytes, which `set` checks and stores.
    static func value(
        _ names: String...,
        for tools: ClientTool.Group = .all,
        missing: String,
        as word: CommandLineWord = .text,
        titled title: String? = nil,
        _ summary: String,
        set: @escaping @Sendable (inout ToolOptions, [UInt8]) throws(OptionProblem) -> Void
    ) -> ToolOption {
        ToolOption(
            description: CommandLineOption(names, takes: word, summary),
            tools: tools,
            title: title ?? names[0],
            missing: missing,
            valueCount: 1
        ) { options, words throws(OptionProblem) in
            guard let value = words.popFirst() else { return }
            try set(&options, value)
        }
    }

    /// An option with one value that is stored as text.
    static func text(
        _ names: String...,
        for tools: ClientTool.Group = .all,
        missing: String,
        as word: CommandLineWord = .text,
        _ summary: String,
        to path: any WritableKeyPath<ToolOptions, String?> & Sendable
    ) -> ToolOption {
        ToolOption(
            description: CommandLineOption(names, takes: word, summary),
            tools: tools,
            title: names[0],
            missing: missing,
            valueCount: 1
        ) { options, words throws(OptionProblem) in
            guard let value = words.popFirst() else { return }
            options[keyPath: path] = String(decoding: value, as: UTF8.self)
        }
    }

    /// What is said when its value is missing.
    var complaint: OptionProblem {
        .spaced("Error: \(title) argument given but \(missing ?? "nothing") specified.")
    }
}

extension ClientTool {
    /// The options the tool knows, in the order of its help.
    var options: [ToolOption] {
        let group = group
        return ToolOption.all.filter { $0.tools.contains(group) }
    }

    /// The tool, for its completions.
    package var program: CommandLineCommand {
        CommandLineCommand(rawValue, options: options.map(\.description) + [.completion])
    }
}
