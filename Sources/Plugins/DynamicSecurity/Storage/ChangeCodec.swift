// SPDX-License-Identifier: Apache-2.0
// Changes as JSON, the way the journal keeps them.

import JSON

extension JSONWriter {
    /// Writes a change as an object with one member.
    mutating func change(_ change: Change) {
        beginObject()
        switch change {
        case .putClient(let client):
            key("putClient")
            savedClient(client, withGroups: true)
        case .deleteClient(let name):
            key("deleteClient")
            string(name)
        case .putGroup(let group):
            key("putGroup")
            savedGroup(group, members: nil)
        case .deleteGroup(let name):
            key("deleteGroup")
            string(name)
        case .setMembers(let group, let members):
            key("setMembers")
            beginObject()
            key("groupname")
            string(group)
            assignments("clients", of: "username", members, withExtra: true)
            endObject()
        case .putRole(let role):
            key("putRole")
            self.role(role, withExtra: true)
        case .deleteRole(let name):
            key("deleteRole")
            string(name)
        case .setDefaults(let defaults):
            key("setDefaults")
            self.defaults(defaults)
        case .setAnonymousGroup(let name):
            key("setAnonymousGroup")
            string(name ?? "")
        }
        endObject()
    }
}

extension JSONNode {
    /// A change from the journal, with the names of a state it is about to be applied to.
    func change(for model: Model) -> Change? {
        for member in children {
            if member.isNamed("putClient") {
                return member.savedClient(roles: model.roles, groups: model.groups).map {
                    .putClient($0)
                }
            } else if member.isNamed("deleteClient") {
                return member.string.map { .deleteClient($0) }
            } else if member.isNamed("putGroup") {
                return member.savedGroup(roles: model.roles).map { .putGroup($0) }
            } else if member.isNamed("deleteGroup") {
                return member.string.map { .deleteGroup($0) }
            } else if member.isNamed("setMembers") {
                guard let group = member["groupname"]?.string else { return nil }
                let members = member["clients"]?.assignments(of: "username") { $0 } ?? []
                return .setMembers(group: group, members: members)
            } else if member.isNamed("putRole") {
                return member.savedRole().map { .putRole($0) }
            } else if member.isNamed("deleteRole") {
                return member.string.map { .deleteRole($0) }
            } else if member.isNamed("setDefaults") {
                return .setDefaults(member.savedDefaults)
            } else if member.isNamed("setAnonymousGroup") {
                return member.string.map { .setAnonymousGroup($0.isEmpty ? nil : $0) }
            }
        }
        return nil
    }
}
