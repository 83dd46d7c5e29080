// SPDX-License-Identifier: Apache-2.0
// The parts of a broker that can be administered, and the table form of their commands.

/// Where a part of the broker is talked to.
struct ControlTopics: Equatable, Sendable {
    /// Where requests are published.
    var request: String
    /// Where answers arrive.
    var response: String

    /// Topics that are related as those of the broker's own parts are.
    init(request: String) { self.init(request: request, response: request + "/response") }

    /// Any two topics.
    init(request: String, response: String) {
        self.request = request
        self.response = response
    }
}

/// A part of the broker with control topics of its own.
enum ControlModule: String, CaseIterable, Equatable {
    case broker
    case dynsec

    /// The module of that name, in any case.
    init?(name: String) { self.init(rawValue: name.lowercased()) }

    /// Where it is talked to.
    var topics: ControlTopics {
        switch self {
        case .broker: ControlTopics(request: "$CONTROL/broker/v1")
        case .dynsec: ControlTopics(request: "$CONTROL/dynamic-security/v1")
        }
    }

    /// The module in the headings of help texts.
    var title: String {
        switch self {
        case .broker: "Broker module"
        case .dynsec: "Dynamic Security module"
        }
    }

    /// What the shell says of the module.
    var summary: String {
        switch self {
        case .broker: "Listeners and plugins of the broker."
        case .dynsec: "Clients, groups, roles and access rights of the dynamic security plugin."
        }
    }

    /// The commands the module knows, in the order help shows them.
    var commands: [CommandRule] {
        switch self {
        case .broker: CommandRule.broker
        case .dynsec: CommandRule.dynsec
        }
    }

    /// The command of that name, in any case.
    func command(named name: String) -> CommandRule? {
        commands.first { $0.name.lowercased() == name.lowercased() }
    }
}

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
        /// A form of its own, told apart by the command's name.
        case special
        /// Done here, without the broker.
        case local
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

extension CommandRule {
    static let broker: [CommandRule] = [
        CommandRule(
            "listListeners",
            "Broker",
            "",
            "List the broker's listeners.",
            .names([])
        ),
        CommandRule(
            "listPlugins",
            "Broker",
            "",
            "List the plugins the broker has loaded.",
            .names([])
        ),
    ]
}
