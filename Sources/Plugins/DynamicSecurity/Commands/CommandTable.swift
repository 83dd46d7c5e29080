// SPDX-License-Identifier: Apache-2.0
// Which commands there are.

/// A command of the interface.
struct CommandDefinition: Sendable {
    typealias Body =
        @Sendable (CommandRequest, CommandEnvironment) throws(CommandError) -> CommandResult

    /// The canonical spelling.
    let name: StaticString
    /// What it does.
    let body: Body

    init(_ name: StaticString, _ body: @escaping Body) {
        self.name = name
        self.body = body
    }

    /// The command of this name, compared without regard to case.
    static func named(_ name: ByteString) -> CommandDefinition? {
        all.first { name.isSpelled($0.name) }
    }

    private static let all: [CommandDefinition] =
        GeneralCommands.all + ClientCommands.all + GroupCommands.all + RoleCommands.all
}

/// What commands may look at.
struct CommandEnvironment: Sendable {
    /// The state.
    let directory: AccessDirectory
    /// Iterations for new password hashes.
    let passwordIterations: Int32
    /// The sessions of some users; nil when the broker cannot tell.
    let sessions: SessionSource

    /// Those who have a role, themselves or through a group.
    func holders(of role: ByteString) -> Kicks {
        directory.read { model in
            var kicks = Kicks()
            kicks.usernames.formUnion(model.clients(with: role))
            for group in model.groups(with: role) {
                kicks.usernames.formUnion(model.members(of: group))
                if model.anonymousGroup == group { kicks.isForAnonymous = true }
            }
            return kicks
        }
    }

    /// The members of a group.
    func members(of group: ByteString) -> Kicks {
        directory.read { model in
            var kicks = Kicks()
            kicks.usernames.formUnion(model.members(of: group))
            kicks.isForAnonymous = model.anonymousGroup == group
            return kicks
        }
    }

    /// An existing client.
    func client(_ name: ByteString) throws(CommandError) -> Client {
        guard let client = directory.read({ $0.clients[name] }) else {
            throw CommandError("Client not found")
        }
        return client
    }

    /// An existing group.
    func group(_ name: ByteString) throws(CommandError) -> Group {
        guard let group = directory.read({ $0.groups[name] }) else {
            throw CommandError("Group not found")
        }
        return group
    }

    /// An existing role.
    func role(
        _ name: ByteString,
        otherwise error: String = "Role not found"
    ) throws(CommandError) -> Role {
        guard let role = directory.read({ $0.roles[name] }) else { throw CommandError(error) }
        return role
    }

    /// A new password hash.
    func hash(_ password: ByteString) throws(CommandError) -> ByteString {
        guard let hash = StoredPassword.make(password, iterations: passwordIterations) else {
            throw .internal
        }
        return hash
    }
}

/// A connection or stored session, as the broker knows it.
package struct Session: Sendable {
    /// The client identifier.
    package let clientID: ByteString
    /// The peer's address, if known.
    package let address: ByteString?

    /// Describes a session.
    package init(clientID: ByteString, address: ByteString?) {
        self.clientID = clientID
        self.address = address
    }
}

/// Finds the sessions of some users, by username; nil when the broker cannot tell.
package typealias SessionSource = @Sendable (Set<ByteString>) -> [ByteString: [Session]]?

/// A part of a list, as `count` and `offset` ask for it.
struct Page {
    private let offset: Int
    /// What is left of the asked-for number; the log shows it.
    private(set) var count: Int
    /// Whether whole objects are wanted.
    let isVerbose: Bool

    init(_ request: CommandRequest) {
        offset = request.integer("offset") ?? 0
        count = request.integer("count") ?? -1
        isVerbose = request.boolean("verbose") ?? false
    }

    /// The names of the page.
    ///
    /// A count of 0 gives one name, as it always did.
    mutating func take(from names: [ByteString]) -> ArraySlice<ByteString> {
        let rest = names.dropFirst(max(0, offset))
        guard count >= 0 else { return rest }
        let taken = rest.prefix(max(1, count))
        count -= taken.count
        return taken
    }

    /// The answer that lists the names of the page or, when whole objects are wanted, those.
    func answer<Object>(
        _ key: StaticString,
        total: Int,
        _ names: ArraySlice<ByteString>,
        _ objects: [Object],
        describe: (inout JSONWriter, Object) -> Void
    ) -> CommandResult {
        .reading(details: details) { writer in
            writer.key("totalCount")
            writer.integer(total)
            writer.key(key)
            writer.beginArray()
            if isVerbose {
                for object in objects { describe(&writer, object) }
            } else {
                for name in names { writer.string(name) }
            }
            writer.endArray()
        }
    }

    /// What the log says about the page.
    var details: String { "verbose=\(isVerbose) | count=\(count) | offset=\(offset)" }
}
