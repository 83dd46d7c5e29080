// SPDX-License-Identifier: Apache-2.0
// Commands that give a client or group a role, or put a client into a group, and the reverse.

/// What ties a client or a group, the holder, to a role or a group.
enum Membership {
    /// A client has a role.
    case roleOfClient
    /// A client belongs to a group.
    case groupOfClient
    /// The members of a group have a role.
    case roleOfGroup

    /// `addClientRole`, `addGroupClient`, `addGroupRole`.
    @Sendable func add(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let names = try Names(self, request)
        let holder = try Holder(self, names.holder, environment)
        let target = try target(names.target, environment)
        if holder.assignments(self).names(names.target) { throw repetition(of: names.holder) }
        let priority = request.integer("priority").map(cut) ?? Priority.unset
        let assignments = holder.assignments(self)
            .adding(Assignment(target, priority: priority))
        return .changing(
            [holder.replacing(assignments, self)],
            kicks: holder.kicks(environment),
            details: "\(names.details) | priority=\(priority)"
        )
    }

    /// `removeClientRole`, `removeGroupClient`, `removeGroupRole`.
    ///
    /// It is no error if there is nothing to remove, as long as both exist.
    @Sendable func remove(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let names = try Names(self, request)
        let holder = try Holder(self, names.holder, environment)
        _ = try target(names.target, environment)
        let assignments = holder.assignments(self).removing(names.target)
        return .changing(
            [holder.replacing(assignments, self)],
            kicks: holder.kicks(environment),
            details: names.details
        )
    }

    /// The name of the role or group, which must exist.
    private func target(
        _ name: ByteString,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> ByteString {
        switch self {
        case .roleOfClient, .roleOfGroup: try environment.role(name).name
        case .groupOfClient: try environment.group(name).name
        }
    }

    /// What the interface says when the holder has it already.
    private func repetition(of holder: ByteString) -> CommandError {
        switch self {
        case .roleOfClient: .internal
        case .groupOfClient: CommandError("Client is already in this group", kicks: Kicks(holder))
        case .roleOfGroup: CommandError("Group is already in this role")
        }
    }

    /// How a priority out of range is cut.
    private func cut(_ priority: Int) -> Int32 {
        self == .roleOfClient ? Priority.capped(priority) : Priority.clamped(priority)
    }

    /// The two names in a request.
    private struct Names {
        let holder: ByteString
        let target: ByteString
        /// What the log says about them.
        let details: String

        init(_ membership: Membership, _ request: CommandRequest) throws(CommandError) {
            switch membership {
            case .roleOfClient:
                holder = try request.name(.username)
                target = try request.name(.role)
                details = "username=\(holder.forLog) | rolename=\(target.forLog)"
            case .groupOfClient:
                holder = try request.name(.username)
                target = try request.name(.group)
                details = "groupname=\(target.forLog) | username=\(holder.forLog)"
            case .roleOfGroup:
                holder = try request.name(.group)
                target = try request.name(.role)
                details = "groupname=\(holder.forLog) | rolename=\(target.forLog)"
            }
        }
    }

    /// Who has it: an existing client or group.
    private enum Holder {
        case client(Client)
        case group(Group)

        init(
            _ membership: Membership,
            _ name: ByteString,
            _ environment: CommandEnvironment
        ) throws(CommandError) {
            switch membership {
            case .roleOfClient, .groupOfClient: self = .client(try environment.client(name))
            case .roleOfGroup: self = .group(try environment.group(name))
            }
        }

        /// The roles or groups it has.
        func assignments(_ membership: Membership) -> [Assignment] {
            switch self {
            case .client(let client):
                membership == .groupOfClient ? client.fields.groups : client.fields.roles
            case .group(let group): group.roles
            }
        }

        /// The change that gives it these instead.
        func replacing(_ assignments: [Assignment], _ membership: Membership) -> Change {
            switch self {
            case .client(let client):
                .putClient(
                    client.changing { fields in
                        if membership == .groupOfClient {
                            fields.groups = assignments
                        } else {
                            fields.roles = assignments
                        }
                    }
                )
            case .group(let group): .putGroup(group.replacing(roles: assignments))
            }
        }

        /// Whose rights change.
        func kicks(_ environment: CommandEnvironment) -> Kicks {
            switch self {
            case .client(let client): Kicks(client.username)
            case .group(let group): environment.members(of: group.name)
            }
        }
    }
}
