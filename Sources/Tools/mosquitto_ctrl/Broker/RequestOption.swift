// SPDX-License-Identifier: Apache-2.0
// Options of a command, which become members of its request.

import JSON
import ProgramOptions

/// An option of a command, which becomes a member of its request.
struct RequestOption: Equatable, Sendable {
    /// What the word behind it is.
    enum Kind: Equatable, Sendable {
        case text
        case number
        case choice([String])
        /// Words with commas between them.
        case list
        /// There is none: it is said, or not.
        case flag
    }

    /// The word, with its dashes.
    let name: String
    /// The member of the request.
    let key: String
    let kind: Kind
    let summary: String

    static func text(_ name: String, _ key: String, _ summary: String) -> RequestOption {
        RequestOption(name: name, key: key, kind: .text, summary: summary)
    }

    static func list(_ name: String, _ key: String, _ summary: String) -> RequestOption {
        RequestOption(name: name, key: key, kind: .list, summary: summary)
    }

    static func number(_ name: String, _ key: String, _ summary: String) -> RequestOption {
        RequestOption(name: name, key: key, kind: .number, summary: summary)
    }

    static func choice(
        _ name: String,
        _ key: String,
        _ words: [String],
        _ summary: String
    ) -> RequestOption {
        RequestOption(name: name, key: key, kind: .choice(words), summary: summary)
    }

    static func flag(_ name: String, _ key: String, _ summary: String) -> RequestOption {
        RequestOption(name: name, key: key, kind: .flag, summary: summary)
    }

    /// Which clients are meant.
    static let clientFilter: [RequestOption] = clientFilter(["connected", "offline"])

    /// The same, among clients in one of some states.
    static func clientFilter(_ states: [String]) -> [RequestOption] {
        [.choice("--state", "state", states, "whether they are there")] + clientNames
    }

    private static let clientNames: [RequestOption] = [
        .text("--pattern", "pattern", "what their identifiers are like"),
        .text("--user", "username", "what their user names are like"),
        .text("--address", "address", "what their addresses are like"),
        .text("--listener", "listener", "port or socket path of their listener"),
    ]

    /// Which subscriptions are meant.
    static let subscriptionFilter: [RequestOption] = [
        .text("--filter", "filter", "what their filters are like"),
        .text("--client", "clientid", "whose they are"),
        .text("--share", "share", "the name of their shared group"),
    ]

    /// That nothing is to be done.
    static let dryRun = flag("--dry-run", "dry-run", "only say what would be done")

    /// Which part of a long list.
    static let paging: [RequestOption] = [
        .number("--count", "count", "how many, 100 unless said"),
        .text("--cursor", "cursor", "where a list goes on, as told at its end"),
    ]

    /// The option in the syntax of its command.
    var syntax: String {
        switch kind {
        case .text, .number, .list: "[\(name) \(key)]"
        case .choice(let words): "[\(name) \(words.joined(separator: "|"))]"
        case .flag: "[\(name)]"
        }
    }

    /// The option for completions.
    var description: CommandLineOption {
        switch kind {
        case .text, .number, .list: CommandLineOption([name], takes: .text, summary)
        case .choice(let words): CommandLineOption([name], takes: .choice(words), summary)
        case .flag: CommandLineOption([name], summary)
        }
    }

    /// The members that words become: those that are no options fill `fields`, in order and all of
    /// them, and then the optional field; nil if they do not fit.
    static func members(
        _ words: [String],
        _ fields: [String],
        optional: String? = nil,
        _ options: [RequestOption]
    ) -> [JSONValue.Member]? {
        var members: [JSONValue.Member] = []
        var missing = fields.count
        var fields = (fields + [optional].compactMap(\.self))[...]
        var rest = words[...]
        while let word = rest.popFirst() {
            guard let option = options.first(where: { $0.name == word }) else {
                guard !word.hasPrefix("--"), let field = fields.popFirst() else { return nil }
                members.append(.init(field, .string(word)))
                missing -= 1
                continue
            }
            guard option.kind != .flag else {
                members.append(.init(option.key, true))
                continue
            }
            guard let value = rest.popFirst().flatMap(option.value) else { return nil }
            members.append(.init(option.key, value))
        }
        return missing <= 0 ? members : nil
    }

    private func value(_ word: String) -> JSONValue? {
        switch kind {
        case .text: .string(word)
        case .number: Int32(word).map { .number(Double($0)) }
        case .choice(let words): words.contains(word) ? .string(word) : nil
        case .list: .array(word.split(separator: ",").map { .string(String($0)) })
        case .flag: nil
        }
    }
}
