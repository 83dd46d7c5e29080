// SPDX-License-Identifier: Apache-2.0
// Turns the words of the command line into the request for the broker.

import Glibc
import JSON
import ToolSupport

/// Builds the JSON of one command from the words on the command line.
struct CommandLineRequest {
    /// Asks for a secret; the terminal in earnest, a script in tests.
    typealias Ask = (_ prompt: String) -> [UInt8]

    private static let emptyPassword = ToolFailure("Error: Empty password.")
    private static let invalid = ToolFailure("Error: Invalid input.", .invalidInput)

    let rule: CommandRule
    /// The command as it was typed.
    let typedName: String
    let arguments: [String]
    let ask: Ask

    /// The command as JSON.
    func make() throws(ToolFailure) -> JSONValue {
        switch rule.form {
        case .names(let fields, let optional):
            return try names(fields, optional: optional)
        case .prioritised(let fields):
            return try names(fields, optional: "priority")
        case .paging:
            return try paging()
        case .fields(let fields, let optional, let options):
            guard
                let members = RequestOption.members(
                    arguments,
                    fields,
                    optional: optional,
                    options
                )
            else {
                throw Self.invalid
            }
            return request(members)
        case .special:
            return try special()
        case .local, .check:
            throw Self.invalid
        }
    }

    /// Commands that add, remove, enable and disable are passed on as they were typed.
    private var command: JSONValue.Member {
        let echoed = ["add", "remove", "enable", "disable"]
        let isEchoed = echoed.contains { rule.name.hasPrefix($0) }
        return JSONValue.Member("command", .string(isEchoed ? typedName : rule.name))
    }

    private func request(_ members: [JSONValue.Member]) -> JSONValue {
        .object([command] + members)
    }

    private func names(
        _ fields: [String],
        optional: String?
    ) throws(ToolFailure) -> JSONValue {
        let countMax = fields.count + (optional == nil ? 0 : 1)
        // Commands that take nothing pass over what stands behind them.
        if fields.isEmpty, optional == nil { return request([]) }
        guard (fields.count...countMax).contains(arguments.count) else { throw Self.invalid }
        var members = zip(fields, arguments).map { JSONValue.Member($0, .string($1)) }
        // The user comes last on the command line and first in the request.
        if fields == ["groupname", "username"] { members.reverse() }
        if let optional, arguments.count == countMax {
            let word = arguments[fields.count]
            if optional != "priority" {
                members.append(JSONValue.Member(optional, .string(word)))
            } else if let member = priority(word) {
                members.append(member)
            }
        }
        return request(members)
    }

    /// The priority, left out when it is the one that stands for none.
    private func priority(_ word: String) -> JSONValue.Member? {
        let number = Self.number(word)
        return number == -1 ? nil : JSONValue.Member("priority", .number(Double(number)))
    }

    /// A number as the original reads it: as far as there are digits, 0 without any.
    private static func number(_ word: String) -> Int32 {
        Int32(truncatingIfNeeded: strtol(word, nil, 10))
    }

    private func paging() throws(ToolFailure) -> JSONValue {
        guard arguments.count <= 2 else { throw Self.invalid }
        var members: [JSONValue.Member] = []
        for (field, word) in zip(["count", "offset"], arguments) {
            let number = Self.number(word)
            if number > 0 { members.append(JSONValue.Member(field, .number(Double(number)))) }
        }
        return request(members)
    }

    private func special() throws(ToolFailure) -> JSONValue {
        switch rule.name {
        case "createClient": return try createClient()
        case "setClientPassword": return try setClientPassword()
        case "setDefaultACLAccess": return try setDefaultAccess()
        case "addRoleACL": return try addRule()
        case "removeRoleACL": return try removeRule()
        default: throw Self.invalid
        }
    }

    // MARK: Clients

    private func createClient() throws(ToolFailure) -> JSONValue {
        guard let user = arguments.first else { throw Self.invalid }
        var clientID: String?
        var password: String?
        var rest = arguments.dropFirst()
        while let word = rest.popFirst() {
            switch word {
            case "-c", "-i":
                clientID = try value(of: word, "clientid", &rest)
            case "-p":
                password = try value(of: word, "password", &rest)
            default:
                throw ToolFailure(
                    "Error: Unknown argument: \(word)\nError: Invalid input.",
                    .invalidInput
                )
            }
        }
        var members = [JSONValue.Member("username", .string(user))]
        if let clientID { members.append(JSONValue.Member("clientid", .string(clientID))) }
        if password == nil { password = try askForNewClient(user) }
        if let password { members.append(JSONValue.Member("password", .string(password))) }
        return request(members)
    }

    private func value(
        of option: String,
        _ what: String,
        _ rest: inout ArraySlice<String>
    ) throws(ToolFailure) -> String {
        guard let value = rest.popFirst() else {
            let text = "Error: \(option) argument given, but no \(what) provided."
            throw ToolFailure(text + "\nError: Invalid input.", .invalidInput)
        }
        return value
    }

    private func askForNewClient(_ user: String) throws(ToolFailure) -> String? {
        Terminal.say(
            "Enter new password for \(user). "
                + "Press return for no password (user will be unable to login)."
        )
        let first = ask("New password for \(user): ")
        return first.isEmpty ? nil : try repeated(first, user)
    }

    private func setClientPassword() throws(ToolFailure) -> JSONValue {
        guard let user = arguments.first, arguments.count <= 2 else { throw Self.invalid }
        let password =
            if arguments.count == 2 { arguments[1] } else { try Self.newPassword(user, ask) }
        return request([
            JSONValue.Member("username", .string(user)),
            JSONValue.Member("password", .string(password)),
        ])
    }

    /// Asks twice for a password that must not be empty.
    static func newPassword(_ user: String, _ ask: Ask) throws(ToolFailure) -> String {
        let first = ask("New password for \(user): ")
        guard !first.isEmpty else { throw emptyPassword }
        return try repeated(first, user, ask)
    }

    private func repeated(_ first: [UInt8], _ user: String) throws(ToolFailure) -> String {
        try Self.repeated(first, user, ask)
    }

    private static func repeated(
        _ first: [UInt8],
        _ user: String,
        _ ask: Ask
    ) throws(ToolFailure) -> String {
        let second = ask("Reenter password for \(user): ")
        guard !second.isEmpty else { throw emptyPassword }
        guard second == first else {
            throw ToolFailure("Error: Passwords do not match.")
        }
        return try ConnectionOptions.passwordText(first)
    }

    // MARK: Access rights

    private func setDefaultAccess() throws(ToolFailure) -> JSONValue {
        guard arguments.count == 2,
            Self.isKnown(arguments[0], in: CommandRule.defaultAccessTypes)
        else { throw Self.invalid }
        guard let allow = Self.allow(arguments[1]) else {
            let text = "Error: access must be \"allow\" or \"deny\"."
            throw ToolFailure(text + "\nError: Invalid input.", .invalidInput)
        }
        let access = JSONValue.object([
            JSONValue.Member("acltype", .string(arguments[0])),
            JSONValue.Member("allow", .bool(allow)),
        ])
        return request([JSONValue.Member("acls", .array([access]))])
    }

    private func addRule() throws(ToolFailure) -> JSONValue {
        guard (4...5).contains(arguments.count) else { throw Self.invalid }
        var members = try ruleMembers()
        guard let allow = Self.allow(arguments[3]) else { throw Self.invalid }
        members.append(JSONValue.Member("allow", .bool(allow)))
        if arguments.count == 5, let member = priority(arguments[4]) { members.append(member) }
        return request(members)
    }

    private func removeRule() throws(ToolFailure) -> JSONValue {
        guard arguments.count == 3 else { throw Self.invalid }
        return request(try ruleMembers())
    }

    private func ruleMembers() throws(ToolFailure) -> [JSONValue.Member] {
        guard Self.isKnown(arguments[1], in: CommandRule.accessTypes) else {
            throw Self.invalid
        }
        return [
            JSONValue.Member("rolename", .string(arguments[0])),
            JSONValue.Member("acltype", .string(arguments[1])),
            JSONValue.Member("topic", .string(arguments[2])),
        ]
    }

    /// Types are passed on as they were typed; the broker knows them in any case.
    private static func isKnown(_ word: String, in list: [String]) -> Bool {
        list.contains { $0.lowercased() == word.lowercased() }
    }

    private static func allow(_ word: String) -> Bool? {
        switch word.lowercased() {
        case "allow": true
        case "deny": false
        default: nil
        }
    }
}
