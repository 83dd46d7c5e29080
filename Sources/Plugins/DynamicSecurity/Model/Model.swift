// SPDX-License-Identifier: Apache-2.0
// The whole state of the plugin: clients, groups, roles and who has what.

/// The state, with the indexes that keep every change and look-up independent of its size.
///
/// Invariants: each role and group named in an assignment exists; the indexes say exactly what the
/// assignments say; `anonymousGroup` names an existing group.
package struct Model: Sendable {
    /// Clients by username.
    package private(set) var clients: [ByteString: Client] = [:]
    /// Groups by name.
    package private(set) var groups: [ByteString: Group] = [:]
    /// Roles by name.
    package private(set) var roles: [ByteString: Role] = [:]
    /// Usernames in byte order.
    package private(set) var clientNames = SortedNames()
    /// Group names in byte order.
    package private(set) var groupNames = SortedNames()
    /// Role names in byte order.
    package private(set) var roleNames = SortedNames()
    /// What holds when no rule matches.
    package private(set) var defaults = DefaultAccess()
    /// The group of clients without a username.
    package private(set) var anonymousGroup: ByteString?
    /// The number of successful changing commands so far.
    package var changeIndex = 0
    /// Members of the saved state that this version does not know.
    package var extra: [ExtraMember] = []

    private var membersByGroup: [ByteString: SortedNames] = [:]
    private var clientsByRole: [ByteString: SortedNames] = [:]
    private var groupsByRole: [ByteString: SortedNames] = [:]

    /// An empty state that denies everything.
    package init() {}

    /// The usernames of a group's members, in byte order.
    package func members(of group: ByteString) -> [ByteString] {
        membersByGroup[group]?.names ?? []
    }

    /// The usernames of the clients that have a role themselves, in byte order.
    package func clients(with role: ByteString) -> [ByteString] {
        clientsByRole[role]?.names ?? []
    }

    /// The groups that have a role, in byte order.
    package func groups(with role: ByteString) -> [ByteString] {
        groupsByRole[role]?.names ?? []
    }

    /// The roles that apply to a client, in order of evaluation: its own, then those of its groups.
    package func effectiveRoles(of client: Client) -> [Role] {
        var result = client.fields.roles.compactMap { roles[$0.name] }
        for group in client.fields.groups {
            result += groups[group.name]?.roles.compactMap { roles[$0.name] } ?? []
        }
        return result
    }

    /// The roles that apply to clients without a username.
    package var anonymousRoles: [Role] {
        guard let anonymousGroup, let group = groups[anonymousGroup] else { return [] }
        return group.roles.compactMap { roles[$0.name] }
    }

    // MARK: - Primitive changes; each keeps the indexes and returns what was there before

    /// Puts a client in place or, with nil, takes it away.
    package mutating func replaceClient(_ name: ByteString, with new: Client?) -> Client? {
        let old = clients.updateOrRemove(new, for: name)
        reindex(name, from: old?.fields.roles, to: new?.fields.roles, in: \.clientsByRole)
        reindex(name, from: old?.fields.groups, to: new?.fields.groups, in: \.membersByGroup)
        if new == nil { clientNames.remove(name) } else if old == nil { clientNames.insert(name) }
        return old
    }

    /// Puts a group in place or, with nil, takes it away.
    package mutating func replaceGroup(_ name: ByteString, with new: Group?) -> Group? {
        let old = groups.updateOrRemove(new, for: name)
        reindex(name, from: old?.roles, to: new?.roles, in: \.groupsByRole)
        if new == nil { groupNames.remove(name) } else if old == nil { groupNames.insert(name) }
        return old
    }

    /// Puts a role in place or, with nil, takes it away.
    package mutating func replaceRole(_ name: ByteString, with new: Role?) -> Role? {
        let old = roles.updateOrRemove(new, for: name)
        if new == nil { roleNames.remove(name) } else if old == nil { roleNames.insert(name) }
        return old
    }

    /// Replaces the default access.
    package mutating func replaceDefaults(with new: DefaultAccess) -> DefaultAccess {
        let old = defaults
        defaults = new
        return old
    }

    /// Replaces the anonymous group.
    package mutating func replaceAnonymousGroup(with new: ByteString?) -> ByteString? {
        let old = anonymousGroup
        anonymousGroup = new
        return old
    }

    /// Looks for broken promises of this type; the first one found, in words.
    package func checkInvariants() -> String? {
        var rebuilt = Model()
        for (name, role) in roles { _ = rebuilt.replaceRole(name, with: role) }
        for (name, group) in groups { _ = rebuilt.replaceGroup(name, with: group) }
        for (name, client) in clients { _ = rebuilt.replaceClient(name, with: client) }
        if rebuilt.clientNames != clientNames || rebuilt.groupNames != groupNames
            || rebuilt.roleNames != roleNames
        {
            return "a list of names differs from what exists"
        }
        if rebuilt.membersByGroup != membersByGroup || rebuilt.clientsByRole != clientsByRole
            || rebuilt.groupsByRole != groupsByRole
        {
            return "an index differs from the assignments"
        }
        if clientsByRole.keys.contains(where: { roles[$0] == nil })
            || groupsByRole.keys.contains(where: { roles[$0] == nil })
        {
            return "an assigned role does not exist"
        }
        if membersByGroup.keys.contains(where: { groups[$0] == nil }) {
            return "a member's group does not exist"
        }
        if let anonymousGroup, groups[anonymousGroup] == nil {
            return "the anonymous group does not exist"
        }
        return nil
    }

    private mutating func reindex(
        _ name: ByteString,
        from old: [Assignment]?,
        to new: [Assignment]?,
        in index: WritableKeyPath<Model, [ByteString: SortedNames]>
    ) {
        let old = old ?? []
        let new = new ?? []
        if old.elementsEqual(new, by: { $0.name == $1.name }) { return }
        for assignment in old where !new.names(assignment.name) {
            self[keyPath: index][assignment.name]?.remove(name)
            if self[keyPath: index][assignment.name]?.names.isEmpty == true {
                self[keyPath: index][assignment.name] = nil
            }
        }
        for assignment in new where !old.names(assignment.name) {
            self[keyPath: index][assignment.name, default: SortedNames()].insert(name)
        }
    }
}

extension Dictionary {
    /// Stores a value or, with nil, removes the entry; returns what was there.
    fileprivate mutating func updateOrRemove(_ value: Value?, for key: Key) -> Value? {
        if let value { updateValue(value, forKey: key) } else { removeValue(forKey: key) }
    }
}
