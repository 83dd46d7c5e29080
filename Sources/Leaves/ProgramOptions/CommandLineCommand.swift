// SPDX-License-Identifier: Apache-2.0
// A program or one of its commands, for its completion.

/// A program or one of its commands: what may follow its name.
package struct CommandLineCommand: Equatable, Sendable {
    /// Its name.
    package let name: String
    /// What it does: one line; empty for a program.
    package let summary: String
    /// The options that may follow.
    package let options: [CommandLineOption]
    /// The commands one of which may follow; then there are no arguments.
    package let commands: [CommandLineCommand]
    /// The words that may follow, in their order.
    package let arguments: [CommandLineWord]

    /// Creates a program or a command.
    package init(
        _ name: String,
        _ summary: String = "",
        options: [CommandLineOption] = [],
        commands: [CommandLineCommand] = [],
        arguments: [CommandLineWord] = []
    ) {
        assert(commands.isEmpty || arguments.isEmpty, "a command's first word is one or the other")
        assert(!summary.contains("\n"), "shells show it on one line")
        self.name = name
        self.summary = summary
        self.options = options
        self.commands = commands
        self.arguments = arguments
    }

    /// A command together with the names of those it belongs to.
    struct Level {
        /// The names behind the program's, with blanks between; empty for the program.
        let path: String
        let command: CommandLineCommand
    }

    /// The program and all its commands, each before those that belong to it.
    var levels: [Level] { levels(below: nil) }

    private func levels(below path: String?) -> [Level] {
        let own = path.map { $0.isEmpty ? name : "\($0) \(name)" } ?? ""
        return [Level(path: own, command: self)] + commands.flatMap { $0.levels(below: own) }
    }
}
