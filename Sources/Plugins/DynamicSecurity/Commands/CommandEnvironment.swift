// SPDX-License-Identifier: Apache-2.0
// What commands may look at.

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
