// SPDX-License-Identifier: Apache-2.0
// Commands about the default access and the state as a whole.

import JSON

/// `setDefaultACLAccess`, `getDefaultACLAccess`, `getDetails`.
enum GeneralCommands {
    static let all = [
        CommandDefinition("setDefaultACLAccess", setDefaultAccess),
        CommandDefinition("getDefaultACLAccess", getDefaultAccess),
        CommandDefinition("getDetails", getDetails),
    ]

    @Sendable private static func setDefaultAccess(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        guard let list = request.node["acls"], list.isArray else {
            throw CommandError("Missing/invalid actions array")
        }
        var defaults = environment.directory.read { $0.defaults }
        var details: [String] = []
        for element in list.children {
            guard let type = element["acltype"]?.string, let isAllowed = element["allow"]?.boolean,
                let which = DefaultAccess.Switch.allCases.first(where: { type.isSpelled($0.name) })
            else { continue }
            defaults[which] = isAllowed
            details.append("acltype=\(type.forLog) | allow=\(isAllowed)")
        }
        return CommandResult(changes: [.setDefaults(defaults)], details: details)
    }

    @Sendable private static func getDefaultAccess(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let defaults = environment.directory.read { $0.defaults }
        return .reading(details: "") { writer in
            writer.key("acls")
            writer.beginArray()
            for which in DefaultAccess.Switch.allCases {
                writer.beginObject()
                writer.key("acltype")
                writer.string(which.name)
                writer.key("allow")
                writer.boolean(defaults[which])
                writer.endObject()
            }
            writer.endArray()
        }
    }

    @Sendable private static func getDetails(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let (clients, groups, roles, index) = environment.directory.read {
            ($0.clients.count, $0.groups.count, $0.roles.count, $0.changeIndex)
        }
        return .reading(details: "") { writer in
            writer.key("clientCount")
            writer.integer(clients)
            writer.key("groupCount")
            writer.integer(groups)
            writer.key("roleCount")
            writer.integer(roles)
            writer.key("changeIndex")
            writer.integer(index)
        }
    }
}
