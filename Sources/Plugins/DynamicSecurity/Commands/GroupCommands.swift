// SPDX-License-Identifier: Apache-2.0
// Commands about groups.

/// `createGroup` and the other commands about groups and their members.
enum GroupCommands {
    static let all = [
        CommandDefinition("createGroup", create),
        CommandDefinition("deleteGroup", delete),
        CommandDefinition("getGroup", get),
        CommandDefinition("listGroups", list),
        CommandDefinition("modifyGroup", modify),
        CommandDefinition("addGroupClient", addClient),
        CommandDefinition("removeGroupClient", removeClient),
        CommandDefinition("addGroupRole", addRole),
        CommandDefinition("removeGroupRole", removeRole),
        CommandDefinition("setAnonymousGroup", setAnonymous),
        CommandDefinition("getAnonymousGroup", getAnonymous),
    ]

    // MARK: - Groups

    @Sendable private static func create(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let name = try request.name(.group, mayBeEmpty: false)
        let textName = try request.optionalString("textname", otherwise: "Invalid/missing textname")
        let textDescription = try request.optionalString(
            "textdescription",
            otherwise: "Invalid/missing textdescription"
        )
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

    // MARK: - Members and roles

    @Sendable private static func addClient(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let username = try request.name(.username)
        let groupname = try request.name(.group)
        let client = try environment.client(username)
        let group = try environment.group(groupname)
        if client.fields.groups.names(groupname) {
            throw CommandError("Client is already in this group", kicks: Kicks(username))
        }
        let priority = request.integer("priority").map(Priority.clamped) ?? Priority.unset
        let assignment = Assignment(group.name, priority: priority)
        return .changing(
            [.putClient(client.changing { $0.groups = $0.groups.adding(assignment) })],
            kicks: Kicks(username),
            details:
                "groupname=\(groupname.forLog) | username=\(username.forLog) | priority=\(priority)"
        )
    }

    @Sendable private static func removeClient(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let username = try request.name(.username)
        let groupname = try request.name(.group)
        let client = try environment.client(username)
        _ = try environment.group(groupname)
        return .changing(
            [.putClient(client.changing { $0.groups = $0.groups.removing(groupname) })],
            kicks: Kicks(username),
            details: "groupname=\(groupname.forLog) | username=\(username.forLog)"
        )
    }

    @Sendable private static func addRole(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let groupname = try request.name(.group)
        let rolename = try request.name(.role)
        let group = try environment.group(groupname)
        let role = try environment.role(rolename)
        if group.roles.names(rolename) { throw CommandError("Group is already in this role") }
        let priority = request.integer("priority").map(Priority.clamped) ?? Priority.unset
        let roles = group.roles.adding(Assignment(role.name, priority: priority))
        return .changing(
            [.putGroup(group.replacing(roles: roles))],
            kicks: environment.members(of: groupname),
            details:
                "groupname=\(groupname.forLog) | rolename=\(rolename.forLog) | priority=\(priority)"
        )
    }

    @Sendable private static func removeRole(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let groupname = try request.name(.group)
        let rolename = try request.name(.role)
        let group = try environment.group(groupname)
        _ = try environment.role(rolename)
        return .changing(
            [.putGroup(group.replacing(roles: group.roles.removing(rolename)))],
            kicks: environment.members(of: groupname),
            details: "groupname=\(groupname.forLog) | rolename=\(rolename.forLog)"
        )
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
        return .reading(details: page.details) { writer in
            writer.key("totalCount")
            writer.integer(total)
            writer.key("groups")
            writer.beginArray()
            if page.isVerbose {
                for (group, members) in groups { writer.describe(group, members: members) }
            } else {
                for name in names { writer.string(name) }
            }
            writer.endArray()
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
