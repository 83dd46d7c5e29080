// SPDX-License-Identifier: Apache-2.0
// Turns a line of the shell into the request for the broker.

import JSON
import ToolSupport

/// A line the shell cannot make a request of; the texts to show, the syntax first.
struct ShellUsageError: Error, Equatable {
    var lines: [String]
}

/// Builds the JSON of one command from a line of the shell.
struct ShellRequest {
    let rule: CommandRule
    /// The words behind the command.
    let arguments: [String]
    let ask: CommandLineRequest.Ask

    /// The command as JSON.
    func make() throws(ShellUsageError) -> JSONValue {
        switch rule.form {
        case .names(let fields, let optional):
            return try names(fields, optional: optional)
        case .prioritised(let fields): return try names(fields, optional: nil)
        case .paging: return try paging()
        case .fields(let fields, let optional, let options):
            guard
                let members = RequestOption.members(
                    arguments,
                    fields,
                    optional: optional,
                    options
                )
            else {
                throw usage()
            }
            return request(members)
        case .special: return try special()
        case .local, .check: throw usage()
        }
    }

    /// The syntax line, with what is wrong behind it.
    private func usage(_ complaint: String? = nil) -> ShellUsageError {
        let syntax = "\(rule.name) \(rule.shellSyntax)".trimmingEnd
        return ShellUsageError(
            lines: syntax.split(separator: "\n").map(String.init) + (complaint.map { [$0] } ?? [])
        )
    }

    private func request(_ members: [JSONValue.Member]) -> JSONValue {
        .object([.init("command", .string(rule.name))] + members)
    }

    private func names(
        _ fields: [String],
        optional: String?
    ) throws(ShellUsageError) -> JSONValue {
        let all = fields + (optional.map { [$0] } ?? [])
        guard (fields.count...all.count).contains(arguments.count) else { throw usage() }
        return request(zip(all, arguments).map { .init($0, .string($1)) })
    }

    private func paging() throws(ShellUsageError) -> JSONValue {
        guard arguments.count <= 2 else { throw usage() }
        var members: [JSONValue.Member] = []
        for (field, word) in zip(["count", "offset"], arguments) {
            guard let number = Int32(word) else { throw usage("Invalid value '\(word)'") }
            members.append(.init(field, .number(Double(number))))
        }
        return request(members)
    }

    private func special() throws(ShellUsageError) -> JSONValue {
        switch rule.name {
        case "createClient": return try createClient()
        case "setClientPassword": return try setClientPassword()
        case "setDefaultACLAccess": return try setDefaultAccess()
        case "addRoleACL": return try addRule()
        case "removeRoleACL": return try removeRule()
        case "modifyClient": return try modify("username")
        case "modifyGroup": return try modify("groupname")
        case "modifyRole": return try modify("rolename")
        default: throw usage()
        }
    }

    // MARK: Clients

    private func createClient() throws(ShellUsageError) -> JSONValue {
        guard (1...3).contains(arguments.count) else { throw usage() }
        var members = [JSONValue.Member("username", .string(arguments[0]))]
        if arguments.count > 1 {
            members.append(.init("password", .string(arguments[1])))
        } else if let password = try askTwice() {
            members.append(.init("password", .string(password)))
        } else {
            Terminal.say("No password.")
        }
        if arguments.count > 2 { members.append(.init("clientid", .string(arguments[2]))) }
        return request(members)
    }

    private func setClientPassword() throws(ShellUsageError) -> JSONValue {
        guard (1...2).contains(arguments.count) else { throw usage() }
        var password = arguments.count == 2 ? arguments[1] : nil
        if password == nil { password = try askTwice() }
        guard let password else { throw ShellUsageError(lines: ["No password."]) }
        return request([
            .init("username", .string(arguments[0])), .init("password", .string(password)),
        ])
    }

    /// Asks for a password twice; nil when none is entered.
    private func askTwice() throws(ShellUsageError) -> String? {
        let first = ask("password: ")
        guard !first.isEmpty else { return nil }
        guard ask("password again: ") == first else {
            throw ShellUsageError(lines: ["Passwords do not match."])
        }
        do {
            return try ConnectionOptions.passwordText(first)
        } catch {
            throw ShellUsageError(lines: [error.message])
        }
    }

    // MARK: Properties

    /// `name property value…`; the value is the rest of the line.
    private func modify(_ nameField: String) throws(ShellUsageError) -> JSONValue {
        guard arguments.count >= 3 else { throw usage() }
        let value = arguments[2...].joined(separator: " ")
        let member: JSONValue.Member
        switch (arguments[1].lowercased(), rule.name) {
        case ("textname", _): member = .init("textname", .string(value))
        case ("textdescription", _): member = .init("textdescription", .string(value))
        case ("allowwildcardsubs", "modifyRole"):
            guard value == "true" || value == "false" else {
                throw usage("Invalid value '\(value)'")
            }
            member = .init("allowwildcardsubs", .bool(value == "true"))
        default: throw usage("Unknown property '\(arguments[1])'")
        }
        return request([.init(nameField, .string(arguments[0])), member])
    }

    // MARK: Access rights

    private func setDefaultAccess() throws(ShellUsageError) -> JSONValue {
        guard arguments.count == 2 else { throw usage() }
        let type = try accessType(arguments[0], CommandRule.defaultAccessTypes)
        let access = JSONValue.object([
            .init("acltype", .string(type)), .init("allow", .bool(try allow(arguments[1]))),
        ])
        return request([.init("acls", .array([access]))])
    }

    /// `role acltype allow|deny [priority] topic`; a topic may hold blanks.
    private func addRule() throws(ShellUsageError) -> JSONValue {
        guard arguments.count >= 4 else { throw usage() }
        var topic = arguments[3...]
        var priority: Int32 = -1
        if topic.count > 1, let first = topic.first, let number = Int32(first) {
            priority = number
            topic = topic.dropFirst()
        }
        return request([
            .init("rolename", .string(arguments[0])),
            .init("acltype", .string(try accessType(arguments[1], CommandRule.accessTypes))),
            .init("allow", .bool(try allow(arguments[2]))),
            .init("priority", .number(Double(priority))),
            .init("topic", .string(topic.joined(separator: " "))),
        ])
    }

    private func removeRule() throws(ShellUsageError) -> JSONValue {
        guard arguments.count >= 3 else { throw usage() }
        return request([
            .init("rolename", .string(arguments[0])),
            .init("acltype", .string(try accessType(arguments[1], CommandRule.accessTypes))),
            .init("topic", .string(arguments[2...].joined(separator: " "))),
        ])
    }

    private func accessType(
        _ word: String,
        _ known: [String]
    ) throws(ShellUsageError) -> String {
        guard let type = known.first(where: { $0.lowercased() == word.lowercased() }) else {
            throw usage("Invalid acltype '\(word)'")
        }
        return type
    }

    private func allow(_ word: String) throws(ShellUsageError) -> Bool {
        guard word == "allow" || word == "deny" else {
            throw usage("Invalid allow/deny '\(word)'")
        }
        return word == "allow"
    }
}
