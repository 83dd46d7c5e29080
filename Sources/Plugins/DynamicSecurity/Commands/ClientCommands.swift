// SPDX-License-Identifier: Apache-2.0
// Commands about clients.

import JSON

/// `createClient` and the other commands about accounts.
enum ClientCommands {
    static let all = [
        CommandDefinition("createClient", create),
        CommandDefinition("deleteClient", delete),
        CommandDefinition("enableClient", enable),
        CommandDefinition("disableClient", disable),
        CommandDefinition("getClient", get),
        CommandDefinition("listClients", list),
        CommandDefinition("modifyClient", modify),
        CommandDefinition("setClientPassword", setPassword),
        CommandDefinition("setClientId", setClientID),
        CommandDefinition("addClientRole", Membership.roleOfClient.add),
        CommandDefinition("removeClientRole", Membership.roleOfClient.remove),
    ]

    private static let invalidRoles = "'roles' not an array or missing/invalid rolename"

    // MARK: - Accounts

    @Sendable private static func create(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let username = try request.name(.username, mayBeEmpty: false)
        var fields = Client.Fields(username: username)
        let password = try request.optionalString("password", otherwise: "Invalid/missing password")
        fields.clientID = try clientID(request, otherwise: "Invalid/missing client id")
        (fields.textName, fields.textDescription) = try request.texts()
        guard environment.directory.read({ $0.clients[username] == nil }) else {
            throw CommandError("Client already exists")
        }
        fields.roles =
            try request.roles(
                in: environment.directory,
                invalid: invalidRoles,
                priority: Priority.capped
            ) ?? []
        fields.groups = try groupsOfNewClient(request, environment)
        let hasPassword = password?.isEmpty == false
        if let password, hasPassword { fields.password = try environment.hash(password) }
        return .changing(
            [.putClient(Client(fields))],
            details:
                "username=\(username.forLog) | password=\(hasPassword ? "*****" : "no password")"
        )
    }

    /// Elements that are no group are passed over; unknown names and repetitions are errors.
    private static func groupsOfNewClient(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> [Assignment] {
        guard let list = request.node["groups"], list.isArray else { return [] }
        var result: [Assignment] = []
        for element in list.children {
            guard let name = element["groupname"]?.string else { continue }
            let group = try environment.group(name)
            if result.names(name) { throw .internal }
            let priority = element["priority"]?.integer.map(Priority.capped) ?? Priority.unset
            result.append(Assignment(group.name, priority: priority))
        }
        return result.ranked
    }

    @Sendable private static func delete(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let client = try environment.client(request.name(.username, isChecked: false))
        return .changing(
            [.deleteClient(client.username)],
            kicks: Kicks(client.username),
            details: "username=\(client.username.forLog)"
        )
    }

    @Sendable private static func enable(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let client = try environment.client(request.name(.username))
        return .changing(
            [.putClient(client.changing { $0.isDisabled = false })],
            details: "username=\(client.username.forLog)"
        )
    }

    @Sendable private static func disable(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let client = try environment.client(request.name(.username))
        return .changing(
            [.putClient(client.changing { $0.isDisabled = true })],
            kicks: Kicks(client.username),
            details: "username=\(client.username.forLog)"
        )
    }

    @Sendable private static func modify(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let client = try environment.client(request.name(.username))
        var fields = client.fields
        if let roles = try request.roles(
            in: environment.directory,
            invalid: invalidRoles,
            priority: Priority.capped
        ) {
            fields.roles = roles
        }
        if let groups = try groupsOfChangedClient(request, environment) { fields.groups = groups }
        if let text = request.string("clientid") { fields.clientID = text.isEmpty ? nil : text }
        if let text = request.string("textname") { fields.textName = text }
        if let text = request.string("textdescription") { fields.textDescription = text }
        if let password = request.string("password"), !password.isEmpty {
            fields.password = try environment.hash(password)
        }
        return .changing(
            [.putClient(Client(fields))],
            kicks: Kicks(client.username),
            details: "username=\(client.username.forLog)"
        )
    }

    private static func groupsOfChangedClient(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> [Assignment]? {
        guard let list = request.node["groups"], list.isArray else { return nil }
        var result: [Assignment] = []
        for element in list.children {
            guard let name = element["groupname"]?.string else {
                throw CommandError("'groups' contains an object with an invalid 'groupname'")
            }
            guard let known = environment.directory.read({ $0.groups[name]?.name }) else {
                throw CommandError(
                    "'groups' contains an object with a 'groupname' that does not exist"
                )
            }
            let priority = element["priority"]?.integer.map(Priority.capped) ?? Priority.unset
            result.append(Assignment(known, priority: priority))
        }
        return result.ranked
    }

    // MARK: - Single properties

    @Sendable private static func setPassword(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let username = try request.name(.username)
        guard let password = request.string("password") else {
            throw CommandError("Invalid/missing password")
        }
        if password.isEmpty { throw CommandError("Empty password is not allowed") }
        let client = try environment.client(username)
        let hash = try environment.hash(password)
        return .changing(
            [.putClient(client.changing { $0.password = hash })],
            kicks: Kicks(username),
            details: "username=\(username.forLog) | password=******"
        )
    }

    @Sendable private static func setClientID(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let username = try request.name(.username)
        let clientID = try clientID(request, otherwise: "Invalid/missing client ID")
        let client = try environment.client(username)
        return .changing(
            [.putClient(client.changing { $0.clientID = clientID })],
            kicks: Kicks(username),
            details: "username=\(username.forLog) | clientid=\(clientID?.forLog ?? "(null)")"
        )
    }

    /// The client identifier of a request; an empty one counts as none.
    private static func clientID(
        _ request: CommandRequest,
        otherwise error: String
    ) throws(CommandError) -> ByteString? {
        guard let text = try request.optionalString("clientid", otherwise: error) else {
            return nil
        }
        guard text.isValidMQTTText else { throw CommandError("Client ID not valid UTF-8") }
        return text.isEmpty ? nil : text
    }

    // MARK: - Reading

    @Sendable private static func get(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        let client = try environment.client(request.name(.username))
        let sessions = environment.sessions([client.username])
        return .reading(details: "username=\(client.username.forLog)") { writer in
            writer.key("client")
            writer.describe(client, sessions: sessions)
        }
    }

    @Sendable private static func list(
        _ request: CommandRequest,
        _ environment: CommandEnvironment
    ) throws(CommandError) -> CommandResult {
        var page = Page(request)
        let (total, names, clients) = environment.directory.read { model in
            let names = page.take(from: model.clientNames.names)
            let clients = page.isVerbose ? names.compactMap { model.clients[$0] } : []
            return (model.clients.count, names, clients)
        }
        let sessions = page.isVerbose ? environment.sessions(Set(names)) : nil
        return page.answer("clients", total: total, names, clients) { writer, client in
            writer.describe(client, sessions: sessions)
        }
    }
}

extension JSONWriter {
    /// Writes a client for an answer: everything but the password.
    fileprivate mutating func describe(_ client: Client, sessions: [ByteString: [Session]]?) {
        beginObject()
        clientHead(client.fields, withExtra: false)
        assignments("groups", of: "groupname", client.fields.groups)
        if let sessions {
            key("connections")
            beginArray()
            for session in sessions[client.username] ?? []
            where client.fields.clientID == nil || client.fields.clientID == session.clientID {
                beginObject()
                optional("address", session.address)
                endObject()
            }
            endArray()
        }
        endObject()
    }
}
