// SPDX-License-Identifier: Apache-2.0
// Applying changes so that they can be taken back and so that everybody concerned is known.

/// What a series of changes replaced and whom it concerns.
package struct Transaction: Sendable {
    /// What to put back, newest last.
    private var undo: [UndoStep] = []
    /// Users whose account or effective roles changed.
    package private(set) var touchedClients: Set<ByteString> = []
    /// Whether the default access or the anonymous clients' roles changed.
    package private(set) var isAnonymousTouched = false

    private enum UndoStep: Sendable {
        case client(ByteString, Client?)
        case group(ByteString, Group?)
        case role(ByteString, Role?)
        case defaults(DefaultAccess)
        case anonymousGroup(ByteString?)
        case changeIndex(Int)
    }

    /// Starts with nothing changed.
    package init() {}

    /// Counts one successful changing command.
    package mutating func countChange(in model: inout Model) {
        undo.append(.changeIndex(model.changeIndex))
        model.changeIndex += 1
    }

    /// Applies a change.
    package mutating func apply(_ change: Change, to model: inout Model) {
        switch change {
        case .putClient(let client): replace(client: client.username, with: client, in: &model)
        case .deleteClient(let name): replace(client: name, with: nil, in: &model)
        case .putGroup(let group): replace(group: group.name, with: group, in: &model)
        case .deleteGroup(let name): deleteGroup(name, in: &model)
        case .setMembers(let group, let members): setMembers(members, of: group, in: &model)
        case .putRole(let role): replace(role: role.name, with: role, in: &model)
        case .deleteRole(let name): deleteRole(name, in: &model)
        case .setDefaults(let defaults):
            undo.append(.defaults(model.replaceDefaults(with: defaults)))
            isAnonymousTouched = true
        case .setAnonymousGroup(let name):
            undo.append(.anonymousGroup(model.replaceAnonymousGroup(with: name)))
            isAnonymousTouched = true
        }
    }

    /// Takes every change back.
    package mutating func rollBack(_ model: inout Model) {
        while let step = undo.popLast() {
            switch step {
            case .client(let name, let old): _ = model.replaceClient(name, with: old)
            case .group(let name, let old): _ = model.replaceGroup(name, with: old)
            case .role(let name, let old): _ = model.replaceRole(name, with: old)
            case .defaults(let old): _ = model.replaceDefaults(with: old)
            case .anonymousGroup(let old): _ = model.replaceAnonymousGroup(with: old)
            case .changeIndex(let old): model.changeIndex = old
            }
        }
    }

    // MARK: - Changes that reach further than one object

    private mutating func deleteGroup(_ name: ByteString, in model: inout Model) {
        for username in model.members(of: name) {
            guard let client = model.clients[username] else { continue }
            let changed = client.changing { $0.groups = $0.groups.removing(name) }
            replace(client: username, with: changed, in: &model)
        }
        if model.anonymousGroup == name { apply(.setAnonymousGroup(nil), to: &model) }
        replace(group: name, with: nil, in: &model)
    }

    private mutating func setMembers(
        _ members: [Assignment],
        of group: ByteString,
        in model: inout Model
    ) {
        let named = Dictionary(members.map { ($0.name, $0) }) { first, _ in first }
        for username in Set(model.members(of: group)).union(named.keys) {
            guard let client = model.clients[username] else { continue }
            let changed = client.changing { fields in
                fields.groups = fields.groups.removing(group)
                if let member = named[username] {
                    fields.groups = fields.groups.adding(
                        Assignment(group, priority: member.priority, extra: member.extra)
                    )
                }
            }
            replace(client: username, with: changed, in: &model)
        }
    }

    private mutating func deleteRole(_ name: ByteString, in model: inout Model) {
        for username in model.clients(with: name) {
            guard let client = model.clients[username] else { continue }
            let changed = client.changing { $0.roles = $0.roles.removing(name) }
            replace(client: username, with: changed, in: &model)
        }
        for groupName in model.groups(with: name) {
            guard let group = model.groups[groupName] else { continue }
            let changed = group.replacing(roles: group.roles.removing(name))
            replace(group: groupName, with: changed, in: &model)
        }
        replace(role: name, with: nil, in: &model)
    }

    // MARK: - One object

    private mutating func replace(client name: ByteString, with new: Client?, in model: inout Model)
    {
        undo.append(.client(name, model.replaceClient(name, with: new)))
        touchedClients.insert(name)
    }

    private mutating func replace(group name: ByteString, with new: Group?, in model: inout Model) {
        let old = model.replaceGroup(name, with: new)
        undo.append(.group(name, old))
        if let old, old.roles != new?.roles ?? [] { touch(group: name, in: model) }
    }

    private mutating func replace(role name: ByteString, with new: Role?, in model: inout Model) {
        let old = model.replaceRole(name, with: new)
        undo.append(.role(name, old))
        guard old != nil else { return }
        touchedClients.formUnion(model.clients(with: name))
        for group in model.groups(with: name) { touch(group: group, in: model) }
    }

    private mutating func touch(group name: ByteString, in model: Model) {
        touchedClients.formUnion(model.members(of: name))
        if model.anonymousGroup == name { isAnonymousTouched = true }
    }
}
