// SPDX-License-Identifier: Apache-2.0
// Commands about roles.

import JSON
import TopicRules

/// `createRole` and the other commands about roles and their rules.
enum RoleCommands {
    static let all = [
        CommandDefinition("createRole", create),
        CommandDefinition("deleteRole", delete),
        CommandDefinition("getRole", get),
        CommandDefinition("listRoles", list),
        CommandDefinition("modifyRole", modify),
        CommandDefinition("addRoleACL", addACL),
        CommandDefinition("removeRoleACL", removeACL),
    ]

    // MARK: - Roles

    @Sendable private static func create(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let name = try request.name(.role, mayBeEmpty: false)
        let (textName, textDescription) = try request.texts()
        if request.node["allowwildcardsubs"] != nil, request.boolean("allowwildcardsubs") == nil {
            throw CommandError("Invalid allowwildcardsubs")
        }
        guard environment.directory.read({ $0.roles[name] == nil }) else {
            throw CommandError("Role already exists")
        }
        let role = Role(
            name: name,
            textName: textName,
            textDescription: textDescription,
            allowsWildcardSubscriptions: request.boolean("allowwildcardsubs") ?? true,
            acls: request.node["acls"]?.acls(withExtra: false) ?? []
        )
        return .changing([.putRole(role)], details: "rolename=\(name.forLog)")
    }

    @Sendable private static func delete(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let role = try environment.role(request.name(.role))
        return .changing(
            [.deleteRole(role.name)],
            kicks: environment.holders(of: role.name),
            details: "rolename=\(role.name.forLog)"
        )
    }

    @Sendable private static func modify(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let name = try request.name(.role)
        let role = try environment.role(name, otherwise: "Role does not exist")
        let allowsWildcards =
            request.boolean("allowwildcardsubs") ?? role.allowsWildcardSubscriptions
        let newList = request.node["acls"].flatMap { $0.isArray ? $0.acls(withExtra: false) : nil }
        let changed = Role(
            name: role.name,
            textName: request.string("textname") ?? role.textName,
            textDescription: request.string("textdescription") ?? role.textDescription,
            allowsWildcardSubscriptions: allowsWildcards,
            acls: newList ?? role.acls,
            extra: role.extra
        )
        let isFelt = newList != nil || allowsWildcards != role.allowsWildcardSubscriptions
        return .changing(
            [.putRole(changed)],
            kicks: isFelt ? environment.holders(of: name) : Kicks(),
            details: "rolename=\(name.forLog)"
        )
    }

    // MARK: - Rules

    /// The fields that name one rule of a role.
    private struct RuleRequest {
        let role: Role
        let type: ACLType
        let topic: ByteString
        /// What the log says about it.
        let details: String

        init(_ request: CommandRequest, _ environment: CommandEnvironment) throws(CommandError) {
            let name = try request.name(.role)
            role = try environment.role(name)
            guard let typeName = request.string("acltype") else {
                throw CommandError("Invalid/missing acltype")
            }
            guard let type = ACLType(named: typeName) else { throw CommandError("Unknown acltype") }
            self.type = type
            guard let topic = request.string("topic") else {
                throw CommandError("Invalid/missing topic")
            }
            guard topic.isValidMQTTText else { throw CommandError("Topic not valid UTF-8") }
            guard TopicRules.isFilter(topic.bytes.span) else {
                throw CommandError("Invalid ACL topic")
            }
            self.topic = topic
            details =
                "rolename=\(name.forLog) | acltype=\(typeName.forLog) | topic=\(topic.forLog)"
        }
    }

    @Sendable private static func addACL(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let rule = try RuleRequest(request, environment)
        guard rule.role.position(of: rule.type, topic: rule.topic) == nil else {
            throw CommandError("ACL with this topic already exists")
        }
        let priority = request.integer("priority").map(Priority.clamped) ?? 0
        let isAllowed = request.boolean("allow") ?? false
        let acl = ACL(type: rule.type, topic: rule.topic, priority: priority, isAllowed: isAllowed)
        return .changing(
            [.putRole(rule.role.replacing(acls: rule.role.acls + [acl]))],
            kicks: environment.holders(of: rule.role.name),
            details: "\(rule.details) | priority=\(priority) | allow=\(isAllowed)"
        )
    }

    @Sendable private static func removeACL(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let rule = try RuleRequest(request, environment)
        guard let position = rule.role.position(of: rule.type, topic: rule.topic) else {
            throw CommandError("ACL not found")
        }
        var acls = rule.role.acls
        acls.remove(at: position)
        return .changing(
            [.putRole(rule.role.replacing(acls: acls))],
            kicks: environment.holders(of: rule.role.name),
            details: rule.details
        )
    }

    // MARK: - Reading

    @Sendable private static func get(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let role = try environment.role(request.name(.role))
        return .reading(details: "rolename=\(role.name.forLog)") { writer in
            writer.key("role")
            writer.role(role, withExtra: false)
        }
    }

    @Sendable private static func list(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        var page = Page(request)
        let (total, names, roles) = environment.directory.read { model in
            let names = page.take(from: model.roleNames.names)
            let roles = page.isVerbose ? names.compactMap { model.roles[$0] } : []
            return (model.roles.count, names, roles)
        }
        return page.answer("roles", total: total, names, roles) { writer, role in
            writer.role(role, withExtra: false)
        }
    }
}
