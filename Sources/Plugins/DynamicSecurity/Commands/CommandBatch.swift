// SPDX-License-Identifier: Apache-2.0
// The commands of a control message, one after another.

import JSON

/// Runs the commands of one control message in their order.
struct CommandBatch {
    private let environment: CommandEnvironment
    /// The answers so far.
    private(set) var replies: [Reply] = []
    /// What has to reach the disk before the answers are sent.
    private(set) var records: [JournalRecord] = []
    /// What was changed, to be taken back if it does not reach the disk.
    private(set) var transaction = Transaction()
    /// Whom to disconnect.
    private(set) var kicks = Kicks()

    init(_ environment: CommandEnvironment) {
        self.environment = environment
    }

    /// Runs everything in a message.
    ///
    /// What is not a command ends it.
    mutating func run(_ message: Bytes) {
        guard let document = JSONDocument(parsing: message) else {
            return refuse("Unknown command", "Payload not valid JSON")
        }
        document.withRoot { root in
            guard let commands = root["commands"], commands.isArray else {
                return refuse("Unknown command", "Invalid/missing commands")
            }
            for command in commands.children {
                guard runElement(command) else { return }
            }
        }
    }

    private mutating func runElement(_ node: JSONNode) -> Bool {
        guard node.isObject else {
            refuse("Unknown command", "Command not an object")
            return false
        }
        guard let name = node["command"]?.string else {
            refuse("Unknown command", "Missing command")
            return false
        }
        let correlation = node["correlationData"]
        if correlation != nil, correlation?.string == nil {
            refuse(name, "Invalid correlationData data type.")
            return false
        }
        guard let definition = CommandDefinition.named(name) else {
            refuse(name, "Unknown command", correlation?.string)
            return true
        }
        run(definition, spelled: name, node, correlation: correlation?.string)
        return true
    }

    private mutating func run(
        _ definition: CommandDefinition,
        spelled name: ByteString,
        _ node: JSONNode,
        correlation: ByteString?
    ) {
        do {
            let result = try definition.body(CommandRequest(node: node), environment)
            commit(result)
            let canonical = ByteString(String(describing: definition.name))
            replies.append(
                Reply(
                    command: result.data == nil ? name : canonical,
                    data: result.data,
                    correlation: correlation,
                    isChange: result.changes != nil,
                    details: result.details
                )
            )
        } catch {
            kicks.add(error.kicks)
            replies.append(
                Reply(
                    command: name,
                    error: error.text,
                    correlation: correlation,
                    isChange: !CommandBatch.isReading(definition),
                    details: [CommandBatch.object(of: node)]
                )
            )
        }
    }

    private mutating func commit(_ result: CommandResult) {
        kicks.add(result.kicks)
        guard let changes = result.changes else { return }
        // Taken out and put back, so that its lists grow in place.
        var current = transaction
        transaction = Transaction()
        let index = environment.directory.write { model in
            for change in changes { current.apply(change, to: &model) }
            current.countChange(in: &model)
            return model.changeIndex
        }
        transaction = current
        records.append(JournalRecord(changeIndex: index, changes: changes))
    }

    private mutating func refuse(
        _ command: ByteString,
        _ error: String,
        _ correlation: ByteString? = nil
    ) {
        replies.append(
            Reply(
                command: command,
                error: error,
                correlation: correlation,
                isChange: false,
                details: []
            )
        )
    }

    /// Turns every success of a changing command into a failure and forgets whom to disconnect.
    mutating func fail(_ error: String) {
        environment.directory.write { [transaction] model in
            var transaction = transaction
            transaction.rollBack(&model)
        }
        kicks = Kicks()
        for index in replies.indices where replies[index].isChange && replies[index].error == nil {
            replies[index].error = error
        }
    }

    /// The answer to the whole message.
    var response: [UInt8] {
        var writer = JSONWriter(formatted: false)
        writer.beginObject()
        writer.key("responses")
        writer.beginArray()
        for reply in replies { reply.write(to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private static func isReading(_ definition: CommandDefinition) -> Bool {
        let name = String(describing: definition.name)
        return name.hasPrefix("get") || name.hasPrefix("list")
    }

    /// The object a failed command was about, for the log.
    private static func object(of node: JSONNode) -> String {
        let keys: [StaticString] = ["username", "groupname", "rolename", "acltype", "topic"]
        return keys.compactMap { key in node[key]?.string.map { "\(key)=\($0.forLog)" } }
            .joined(separator: " | ")
    }
}
