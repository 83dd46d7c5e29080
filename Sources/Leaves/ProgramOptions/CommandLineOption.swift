// SPDX-License-Identifier: Apache-2.0
// One option of a program, for its help and its completion.

/// One option of a program, for its help and its completion.
package struct CommandLineOption: Equatable, Sendable {
    /// Its names with their dashes, the short one first; never empty.
    package let names: [String]
    /// What its value is; nil if it has none.
    package let value: CommandLineWord?
    /// What it does: one line.
    package let summary: String

    /// Creates an option; `value` nil means that none follows it.
    package init(
        _ names: [String],
        takes value: CommandLineWord? = nil,
        _ summary: String
    ) {
        assert(!names.isEmpty && names.allSatisfy { $0.hasPrefix("-") }, "an option has dashes")
        assert(!summary.contains("\n"), "shells show it on one line")
        self.names = names
        self.value = value
        self.summary = summary
    }

    /// The option every tool of ours prints its completions by.
    package static let completion = CommandLineOption(
        ["--completion"],
        takes: .choice(CompletionShell.allCases.map(\.rawValue)),
        "print the completions for a shell."
    )
}
