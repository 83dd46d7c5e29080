// SPDX-License-Identifier: Apache-2.0
// What goes into the state file.

/// The part of a state that is saved, taken at one moment.
///
/// Nothing of a state's indexes is in it: a collection that is shared with a snapshot is copied as a whole at the
/// next change, and whoever makes that change waits for the copy.
struct SavedState: Sendable {
    let clients: [ByteString: Client]
    let groups: [ByteString: Group]
    let roles: [ByteString: Role]
    let defaults: DefaultAccess
    let anonymousGroup: ByteString?
    let changeIndex: Int
    let extra: [ExtraMember]

    /// Takes what is saved out of a state.
    init(_ model: Model) {
        clients = model.clients
        groups = model.groups
        roles = model.roles
        defaults = model.defaults
        anonymousGroup = model.anonymousGroup
        changeIndex = model.changeIndex
        extra = model.extra
    }

    /// The members of each group with their priorities, which are recorded with the clients.
    func members(amongSorted names: [ByteString]) -> [ByteString: [Assignment]] {
        var members: [ByteString: [Assignment]] = [:]
        for name in names {
            for group in clients[name]?.fields.groups ?? [] {
                members[group.name, default: []].append(
                    Assignment(name, priority: group.priority, extra: group.extra)
                )
            }
        }
        return members
    }
}
