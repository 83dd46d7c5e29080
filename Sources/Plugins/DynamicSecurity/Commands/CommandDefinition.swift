// SPDX-License-Identifier: Apache-2.0
// A command: its name and what it does.

/// A command of the interface.
struct CommandDefinition: Sendable {
    typealias Body =
        @Sendable (CommandRequest, CommandEnvironment) throws(CommandError) -> CommandResult

    /// The canonical spelling.
    let name: StaticString
    /// What it does.
    let body: Body

    init(_ name: StaticString, _ body: @escaping Body) {
        self.name = name
        self.body = body
    }

    /// The command of this name, compared without regard to case.
    static func named(_ name: ByteString) -> CommandDefinition? {
        all.first { name.isSpelled($0.name) }
    }

    private static let all: [CommandDefinition] =
        GeneralCommands.all + ClientCommands.all + GroupCommands.all + RoleCommands.all
}
