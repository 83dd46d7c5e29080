// SPDX-License-Identifier: Apache-2.0
// A state made of the parts of a file.

import JSON

/// Builds a state from the parts of a file.
///
/// The elements of the long arrays are parsed one at a time, so that memory is not needed for the
/// tree of the whole file.
struct StateLoader {
    private var model = Model()

    mutating func load(_ members: [JSONOutline.Member]) -> Model? {
        var seen: Set<ByteString> = []
        let members = members.filter { seen.insert($0.lowercasedName).inserted }
        func extent(_ name: ByteString) -> Bytes? {
            members.first { $0.lowercasedName == name }?.value
        }
        for member in members {
            guard loadGeneral(member) else { return nil }
        }
        var roles: [Role] = []
        guard
            eachElement(
                of: extent("roles"),
                { if let role = $0.savedRole() { roles.append(role) } }
            )
        else { return nil }
        for role in roles.sorted(by: { $0.name < $1.name }) where model.roles[role.name] == nil {
            _ = model.replaceRole(role.name, with: role)
        }
        guard let memberships = loadGroups(extent("groups")),
            loadClients(extent("clients"), memberships)
        else { return nil }
        loadAnonymousGroup(extent("anonymousgroup"))
        return model
    }

    private mutating func loadGeneral(_ member: JSONOutline.Member) -> Bool {
        switch member.lowercasedName {
        case "clients", "groups", "roles": return true
        default: break
        }
        guard let document = JSONDocument(parsingExactly: member.value) else { return false }
        document.withRoot { node in
            switch member.lowercasedName {
            case "changeindex": model.changeIndex = node.wideInteger ?? 0
            case "defaultaclaccess": _ = model.replaceDefaults(with: node.savedDefaults)
            case "anonymousgroup": break
            default:
                guard let value = node.compactText else { return }
                model.extra.append(ExtraMember(name: member.name, value: value))
            }
        }
        return true
    }

    private mutating func loadGroups(_ extent: Bytes?) -> [ByteString: [Assignment]]? {
        var memberships: [ByteString: [Assignment]] = [:]
        let roles = model.roles
        var groups: [Group] = []
        var names: Set<ByteString> = []
        let isJSON = eachElement(of: extent) { node in
            guard let group = node.savedGroup(roles: roles), names.insert(group.name).inserted
            else { return }
            groups.append(group)
            for member in node["clients"]?.assignments(of: "username", known: { $0 }) ?? [] {
                memberships[member.name, default: []].append(
                    Assignment(group.name, priority: member.priority, extra: member.extra)
                )
            }
        }
        guard isJSON else { return nil }
        for group in groups.sorted(by: { $0.name < $1.name }) {
            _ = model.replaceGroup(group.name, with: group)
        }
        return memberships
    }

    private mutating func loadClients(
        _ extent: Bytes?,
        _ memberships: [ByteString: [Assignment]]
    ) -> Bool {
        let roles = model.roles
        var clients: [Client] = []
        let isJSON = eachElement(of: extent) { node in
            guard let client = node.savedClient(roles: roles, groups: [:]) else { return }
            guard let groups = memberships[client.username] else {
                clients.append(client)
                return
            }
            clients.append(client.changing { $0.groups = groups.ranked })
        }
        guard isJSON else { return false }
        let isSorted = zip(clients, clients.dropFirst()).allSatisfy { $0.username < $1.username }
        if !isSorted { clients.sort { $0.username < $1.username } }
        for client in clients where model.clients[client.username] == nil {
            _ = model.replaceClient(client.username, with: client)
        }
        return true
    }

    private mutating func loadAnonymousGroup(_ extent: Bytes?) {
        guard let extent, let document = JSONDocument(parsingExactly: extent) else { return }
        let name = document.withRoot { $0.string }
        if let name, model.groups[name] != nil { _ = model.replaceAnonymousGroup(with: name) }
    }

    /// Parses the elements of an array one by one; false when one of them is not JSON.
    private func eachElement(of extent: Bytes?, _ body: (JSONNode) -> Void) -> Bool {
        guard let extent else { return true }
        guard let elements = JSONOutline.elements(of: extent) else {
            return JSONDocument(parsingExactly: extent) != nil
        }
        for element in elements {
            guard let document = JSONDocument(parsingExactly: element) else { return false }
            document.withRoot(body)
        }
        return true
    }
}
