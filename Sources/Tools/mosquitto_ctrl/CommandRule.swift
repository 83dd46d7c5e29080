// SPDX-License-Identifier: Apache-2.0
// One command of a module: its words, and the request it makes.

/// One command of a module.
struct CommandRule: Sendable {
    /// How the words behind a command become the fields of its request.
    enum Form: Equatable, Sendable {
        /// One word for each field, then at most one for the optional field.
        case names([String], optional: String? = nil)
        /// One word for each field; the command line takes a priority behind them.
        case prioritised([String])
        /// A count and an offset, both optional.
        case paging
        /// One word for each field, perhaps one for the optional field, and options among them.
        case fields([String], optional: String? = nil, [RequestOption])
        /// A form of its own, told apart by the command's name.
        case special
        /// Done here, without the broker.
        case local
        /// A question to which a refusal is an answer too: `HealthCheck`.
        case check
    }

    /// Where the command can be given.
    enum Place: Sendable {
        case both
        case commandLine
        case shell
    }

    let name: String
    let section: String
    let syntax: String
    /// The words in the shell where they differ from the command line's.
    let shellSyntax: String
    let summary: String
    let form: Form
    let place: Place

    /// Creates a rule.
    init(
        _ name: String,
        _ section: String,
        _ syntax: String,
        shell shellSyntax: String? = nil,
        _ summary: String,
        _ form: Form,
        in place: Place = .both
    ) {
        self.name = name
        self.section = section
        self.syntax = syntax
        self.shellSyntax = shellSyntax ?? syntax
        self.summary = summary
        self.form = form
        self.place = place
    }

    /// Whether the shell knows the command.
    var isInShell: Bool { place != .commandLine }

    /// Whether the command line knows the command.
    var isOnCommandLine: Bool { place != .shell }
}
