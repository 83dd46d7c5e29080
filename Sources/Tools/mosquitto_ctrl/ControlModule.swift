// SPDX-License-Identifier: Apache-2.0
// The parts of a broker that can be administered.

import ToolSupport

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

    /// The command of that name, in any case, if it can be given on the command line.
    func commandLineRule(named name: String) throws(ToolFailure) -> CommandRule {
        guard let rule = command(named: name), rule.isOnCommandLine else {
            throw ToolFailure("Command '\(name)' not recognised.", .unknown)
        }
        return rule
    }
}
