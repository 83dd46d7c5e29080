// SPDX-License-Identifier: Apache-2.0
// Commands about groups.

import JSON

/// `createGroup` and the other commands about groups and their members.
enum GroupCommands {
    static let all = [
        CommandDefinition("createGroup", create),
        CommandDefinition("deleteGroup", delete),
        CommandDefinition("getGroup", get),
        CommandDefinition("listGroups", list),
        CommandDefinition("modifyGroup", modify),
        CommandDefinition("addGroupClient", Membership.groupOfClient.add),
        CommandDefinition("removeGroupClient", Membership.groupOfClient.remove),
        CommandDefinition("addGroupRole", Membership.roleOfGroup.add),
        CommandDefinition("removeGroupRole", Membership.roleOfGroup.remove),
        CommandDefinition("setAnonymousGroup", setAnonymous),
        CommandDefinition("getAnonymousGroup", getAnonymous),
    ]

    // MARK: - Groups

    @Sendable private static func create(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let name = try request.name(.group, mayBeEmpty: false)
        let (textName, textDescription) = try request.texts()
        guard environment.directory.read({ $0.groups[name] == nil }) else {
            throw CommandError("Group already exists")
        }
        let roles = try request.roles(
            in: environment.directory,
            invalid: "Internal error",
            priority: Priority.capped
        )
        let group = Group(
            name: name,
            textName: textName,
            textDescription: textDescription,
            roles: roles ?? []
        )
        return .changing([.putGroup(group)], details: "groupname=\(name.forLog)")
    }

    @Sendable private static func delete(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let name = try request.name(.group)
        if environment.directory.read({ $0.anonymousGroup }) == name {
            throw CommandError("Deleting the anonymous group is forbidden")
        }
        _ = try environment.group(name)
        return .changing(
            [.deleteGroup(name)],
            kicks: environment.members(of: name),
            details: "groupname=\(name.forLog)"
        )
    }

    @Sendable private static func modify(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let name = try request.name(.group)
        let group = try environment.group(name)
        let roles = try request.roles(
            in: environment.directory,
            invalid: "'roles' not an array or missing/invalid rolename",
            priority: Priority.clamped
        )
        let members = try members(request, environment)
        let changed = Group(
            name: group.name,
            textName: request.string("textname") ?? group.textName,
            textDescription: request.string("textdescription") ?? group.textDescription,
            roles: roles ?? group.roles,
            extra: group.extra
        )
        var kicks = environment.members(of: name)
        var changes: [Change] = [.putGroup(changed)]
        if let members {
            kicks.usernames.formUnion(members.map(\.name))
            changes.append(.setMembers(group: group.name, members: members))
        }
        return .changing(changes, kicks: kicks, details: "groupname=\(name.forLog)")
    }

    private static func members(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> [Assignment]? {
        guard let list = request.node["clients"], list.isArray else { return nil }
        var result: [Assignment] = []
        for element in list.children {
            guard let name = element["username"]?.string else {
                throw CommandError("'clients' contains an object with an invalid 'username'")
            }
            guard let known = environment.directory.read({ $0.clients[name]?.username }) else {
                throw CommandError(
                    "'clients' contains an object with a 'username' that does not exist"
                )
            }
            let priority = element["priority"]?.integer.map(Priority.clamped) ?? Priority.unset
            result.append(Assignment(known, priority: priority))
        }
        return result.ranked
    }

    // MARK: - Clients without a username

    @Sendable private static func setAnonymous(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let group = try environment.group(request.name(.group))
        var kicks = Kicks()
        kicks.isForAnonymous = true
        return .changing(
            [.setAnonymousGroup(group.name)],
            kicks: kicks,
            details: "groupname=\(group.name.forLog)"
        )
    }

    @Sendable private static func getAnonymous(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let name = environment.directory.read { $0.anonymousGroup }
        return .reading(details: "") { writer in
            writer.key("group")
            writer.beginObject()
            writer.key("groupname")
            writer.string(name ?? "")
            writer.endObject()
        }
    }

    // MARK: - Reading

    @Sendable private static func get(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let name = try request.name(.group)
        let group = try environment.group(name)
        let members = environment.directory.read { $0.members(of: name) }
        return .reading(details: "groupname=\(name.forLog)") { writer in
            writer.key("group")
            writer.describe(group, members: members)
        }
    }

    @Sendable private static func list(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        var page = Page(request)
        let (total, names, groups) = environment.directory.read { model in
            let names = page.take(from: model.groupNames.names)
            let groups = page.isVerbose ? names.compactMap { model.groups[$0] } : []
            return (model.groups.count, names, groups.map { ($0, model.members(of: $0.name)) })
        }
        return page.answer("groups", total: total, names, groups) { writer, group in
            writer.describe(group.0, members: group.1)
        }
    }
}

extension JSONWriter {
    /// Writes a group for an answer; members come without their priorities.
    fileprivate mutating func describe(_ group: Group, members: [ByteString]) {
        beginObject()
        key("groupname")
        string(group.name)
        optional("textname", group.textName)
        optional("textdescription", group.textDescription)
        assignments("clients", of: "username", members.map { Assignment($0) })
        assignments("roles", of: "rolename", group.roles)
        endObject()
    }
}
