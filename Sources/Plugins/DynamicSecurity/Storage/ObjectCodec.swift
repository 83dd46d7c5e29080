// SPDX-License-Identifier: Apache-2.0
// Clients, groups and roles as JSON objects: for the state file, the journal and answers.

package import JSON

extension JSONWriter {
    /// Writes a member unless its value is nil.
    package mutating func optional(_ key: StaticString, _ value: ByteString?) {
        guard let value else { return }
        self.key(key)
        string(value)
    }

    /// Writes assignments as an array; a priority that is not set is left out.
    package mutating func assignments(
        _ key: StaticString,
        of name: StaticString,
        _ list: [Assignment],
        withExtra: Bool = false
    ) {
        self.key(key)
        beginArray()
        for assignment in list { self.assignment(of: name, assignment, withExtra: withExtra) }
        endArray()
    }

    private mutating func assignment(
        of name: StaticString,
        _ assignment: Assignment,
        withExtra: Bool
    ) {
        beginObject()
        key(name)
        string(assignment.name)
        if assignment.priority != Priority.unset {
            key("priority")
            integer(Int(assignment.priority))
        }
        if withExtra { extra(assignment.extra) }
        endObject()
    }

    /// Writes the members this version does not know.
    package mutating func extra(_ members: [ExtraMember]) {
        for member in members {
            key(bytes: member.name)
            raw(member.value)
        }
    }

    /// Writes the members that the file and answers share.
    package mutating func clientHead(_ fields: Client.Fields, withExtra: Bool) {
        key("username")
        string(fields.username)
        optional("clientid", fields.clientID)
        optional("textname", fields.textName)
        optional("textdescription", fields.textDescription)
        if fields.isDisabled {
            key("disabled")
            boolean(true)
        }
        assignments("roles", of: "rolename", fields.roles, withExtra: withExtra)
    }

    /// Writes a client for the file or, with its groups, for the journal.
    package mutating func savedClient(_ client: Client, withGroups: Bool) {
        beginObject()
        clientHead(client.fields, withExtra: true)
        if withGroups {
            assignments("groups", of: "groupname", client.fields.groups, withExtra: true)
        }
        optional("encoded_password", client.fields.password)
        extra(client.fields.extra)
        endObject()
    }

    /// Writes a group for the journal or, with its members, for the file.
    package mutating func savedGroup(_ group: Group, members: [Assignment]?) {
        beginObject()
        key("groupname")
        string(group.name)
        optional("textname", group.textName)
        optional("textdescription", group.textDescription)
        assignments("roles", of: "rolename", group.roles, withExtra: true)
        if let members { assignments("clients", of: "username", members, withExtra: true) }
        extra(group.extra)
        endObject()
    }

    /// Writes a role, for the file or for an answer.
    package mutating func role(_ role: Role, withExtra: Bool) {
        beginObject()
        key("rolename")
        string(role.name)
        optional("textname", role.textName)
        optional("textdescription", role.textDescription)
        key("allowwildcardsubs")
        boolean(role.allowsWildcardSubscriptions)
        key("acls")
        beginArray()
        for acl in role.acls { self.acl(acl, withExtra: withExtra) }
        endArray()
        if withExtra { extra(role.extra) }
        endObject()
    }

    private mutating func acl(_ acl: ACL, withExtra: Bool) {
        beginObject()
        key("acltype")
        string(acl.type.name)
        key("topic")
        string(acl.topic)
        key("priority")
        integer(Int(acl.priority))
        key("allow")
        boolean(acl.isAllowed)
        if withExtra { extra(acl.extra) }
        endObject()
    }

    /// Writes the default access.
    package mutating func defaults(_ defaults: DefaultAccess) {
        beginObject()
        for which in DefaultAccess.Switch.allCases {
            key(which.name)
            boolean(defaults[which])
        }
        extra(defaults.extra)
        endObject()
    }
}

extension JSONNode {
    /// The name under one of this object's keys, if it is a string with content.
    private func nonEmpty(_ key: StaticString) -> ByteString? {
        guard let name = self[key]?.string, !name.isEmpty else { return nil }
        return name
    }

    private func extraMember() -> ExtraMember? {
        guard let name, let value = compactText else { return nil }
        return ExtraMember(name: name, value: value)
    }

    /// The members other than the given ones.
    package func extraMembers(except known: [StaticString]) -> [ExtraMember] {
        children.compactMap { child in
            known.contains { child.isNamed($0) } ? nil : child.extraMember()
        }
    }

    /// The assignments in an array; elements without a known name are left out.
    package func assignments(
        of key: StaticString,
        known: (ByteString) -> ByteString?
    ) -> [Assignment] {
        guard isArray else { return [] }
        let list = children.compactMap { element -> Assignment? in
            guard let name = element[key]?.string, let shared = known(name) else { return nil }
            let priority = element["priority"]?.integer.map(Priority.clamped) ?? Priority.unset
            return Assignment(
                shared,
                priority: priority,
                extra: element.extraMembers(except: [key, "priority"])
            )
        }
        return list.ranked
    }

    /// A saved client with the roles that exist; nil when it has no name.
    package func savedClient(roles: [ByteString: Role], groups: [ByteString: Group]) -> Client? {
        guard let username = nonEmpty("username") else { return nil }
        var fields = Client.Fields(username: username)
        var legacy: [JSONNode] = []
        for child in children {
            if child.isNamed("username") {
                continue
            } else if child.isNamed("encoded_password") {
                fields.password = child.string
            } else if child.isNamed("roles") {
                fields.roles = child.assignments(of: "rolename") { roles[$0]?.name }
            } else if child.isNamed("groups") {
                fields.groups = child.assignments(of: "groupname") { groups[$0]?.name }
            } else if child.isNamed("clientid") {
                fields.clientID = child.string
            } else if child.isNamed("textname") {
                fields.textName = child.string
            } else if child.isNamed("textdescription") {
                fields.textDescription = child.string
            } else if child.isNamed("disabled") {
                fields.isDisabled = child.boolean ?? false
            } else if ["password", "salt", "iterations"].contains(where: { child.isNamed($0) }) {
                legacy.append(child)
            } else if let member = child.extraMember() {
                fields.extra.append(member)
            }
        }
        if !legacy.isEmpty, fields.password == nil { fields.password = legacyPassword }
        if fields.password == nil { fields.extra += legacy.compactMap { $0.extraMember() } }
        if fields.clientID?.isEmpty == true { fields.clientID = nil }
        return Client(fields)
    }

    /// The password as version 2.0 saved it, in today's form.
    private var legacyPassword: ByteString? {
        guard let hash = self["password"]?.string, let salt = self["salt"]?.string,
            let iterations = self["iterations"]?.integer, iterations > 0
        else { return nil }
        return StoredPassword.encode(hash: hash, salt: salt, iterations: iterations)
    }

    /// A saved group with the roles that exist; nil when it has no name.
    package func savedGroup(roles: [ByteString: Role]) -> Group? {
        guard let name = nonEmpty("groupname") else { return nil }
        return Group(
            name: name,
            textName: self["textname"]?.string,
            textDescription: self["textdescription"]?.string,
            roles: self["roles"]?.assignments(of: "rolename") { roles[$0]?.name } ?? [],
            extra: extraMembers(
                except: ["groupname", "textname", "textdescription", "roles", "clients"]
            )
        )
    }

    /// A saved role; nil when it has no name.
    package func savedRole() -> Role? {
        guard let name = nonEmpty("rolename") else { return nil }
        return Role(
            name: name,
            textName: self["textname"]?.string,
            textDescription: self["textdescription"]?.string,
            allowsWildcardSubscriptions: self["allowwildcardsubs"]?.boolean ?? true,
            acls: self["acls"]?.acls(withExtra: true) ?? [],
            extra: extraMembers(
                except: ["rolename", "textname", "textdescription", "allowwildcardsubs", "acls"]
            )
        )
    }

    /// The rules in an array; incomplete ones, unknown types and repetitions are left out.
    ///
    /// - Parameter withExtra: Whether they keep members that this version does not know.
    package func acls(withExtra: Bool) -> [ACL] {
        guard isArray else { return [] }
        var seen: Set<ByteString> = []
        return children.compactMap { element in
            guard let type = element["acltype"]?.string.flatMap(ACLType.init(named:)),
                let topic = element["topic"]?.string, !topic.isEmpty,
                seen.insert(ByteString([type.rawValue] + topic.bytes)).inserted
            else { return nil }
            return ACL(
                type: type,
                topic: topic,
                priority: element["priority"]?.integer.map(Priority.clamped) ?? 0,
                isAllowed: element["allow"]?.boolean ?? false,
                extra: withExtra
                    ? element.extraMembers(except: ["acltype", "topic", "priority", "allow"]) : []
            )
        }
    }

    /// Saved default access; what is missing is denied.
    package var savedDefaults: DefaultAccess {
        var defaults = DefaultAccess()
        for which in DefaultAccess.Switch.allCases {
            defaults[which] = self[which.name]?.boolean ?? false
        }
        defaults.extra = extraMembers(except: DefaultAccess.Switch.allCases.map(\.name))
        return defaults
    }
}
