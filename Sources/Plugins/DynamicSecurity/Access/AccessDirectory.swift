// SPDX-License-Identifier: Apache-2.0
// The data path: logins and access checks from any thread, beside a writer that changes the state.

import Synchronization

/// What logins and access checks read.
///
/// Accounts are spread over shards, each behind a lock that is held for one look-up; what is handed
/// out is immutable. The roles that apply to an account are put together at its first access check
/// and kept until a change touches the account. `%c` and `%u` are compared in place, so one list
/// serves every client identifier.
///
/// The state's lock is taken before a shard's, never the other way round.
package final class AccessDirectory: Sendable {
    private static let shardCount = 64

    private let model: Mutex<Model>
    private let shards: [Shard]
    private let anonymous = Mutex(Anonymous())

    private final class Shard: Sendable {
        let table = Mutex(NameTable())
    }

    private struct Anonymous {
        var roles: [Role] = []
        var defaults = DefaultAccess()
    }

    /// Starts with a loaded state.
    package init(_ model: Model) {
        self.model = Mutex(model)
        shards = (0..<AccessDirectory.shardCount).map { _ in Shard() }
        for client in model.clients.values { put(client) }
        anonymous.withLock { $0 = Anonymous(roles: model.anonymousRoles, defaults: model.defaults) }
    }

    // MARK: - For the writer

    /// Reads the state; the closure runs under its lock and must be short.
    package func read<Result: Sendable>(
        _ body: (borrowing Model) throws -> Result
    ) rethrows -> Result {
        try model.withLock { try body($0) }
    }

    /// A copy of the state as it is; costs nothing until either side changes.
    package func snapshot() -> Model {
        model.withLock { $0 }
    }

    /// Changes the state.
    ///
    /// Only one thread at a time may do so; the data path sees nothing of it
    /// until ``publish(_:)``.
    package func write<Result: Sendable>(_ body: (inout Model) throws -> Result) rethrows -> Result
    {
        try model.withLock { try body(&$0) }
    }

    /// Lets the data path see the accounts a finished or rolled back transaction touched.
    package func publish(_ transaction: Transaction) {
        for name in transaction.touchedClients {
            if let client = read({ $0.clients[name] }) {
                put(client)
            } else {
                name.bytes.withUnsafeBufferPointer { bytes in
                    shard(for: bytes).table.withLock { $0.remove(bytes) }
                }
            }
        }
        guard transaction.isAnonymousTouched else { return }
        model.withLock { model in
            anonymous.withLock {
                $0 = Anonymous(roles: model.anonymousRoles, defaults: model.defaults)
            }
        }
    }

    // MARK: - For any thread

    /// The account of this name.
    package func client(named name: Bytes) -> Client? {
        shard(for: name).table.withLock { $0[name] }?.client
    }

    /// Decides one access of a client; without a username only the anonymous group's rules count.
    package func check(
        _ access: Access,
        to topic: Bytes,
        by subject: Subject,
        isAnonymous: Bool
    ) -> Decision {
        guard let roles = roles(of: subject, isAnonymous: isAnonymous) else { return .defer }
        if let decision = AccessDecision.decide(access, to: topic, by: subject, with: roles) {
            return decision
        }
        return AccessDecision.fallback(access, to: topic, with: anonymous.withLock { $0.defaults })
    }

    /// The roles that count for a client; nil when its user is not known.
    func roles(of subject: Subject, isAnonymous: Bool) -> [Role]? {
        isAnonymous ? anonymous.withLock { $0.roles } : effectiveRoles(of: subject.username)
    }

    private func effectiveRoles(of name: Bytes) -> [Role]? {
        guard let entry = shard(for: name).table.withLock({ $0[name] }) else { return nil }
        if let roles = entry.roles { return roles }
        // Under the state's lock: a change that follows is published after this and clears it again.
        return model.withLock { model in
            guard let client = model.clients[entry.client.username] else { return [] }
            let roles = model.effectiveRoles(of: client)
            shard(for: name).table.withLock { $0.setRoles(roles, of: name) }
            return roles
        }
    }

    private func put(_ client: Client) {
        client.username.bytes.withUnsafeBufferPointer { name in
            shard(for: name).table.withLock { $0.put(AccessEntry(client: client, roles: nil)) }
        }
    }

    /// Chosen by a plain mix of the bytes; the table's own hash is the seeded one.
    private func shard(for name: Bytes) -> Shard {
        var mix: UInt32 = 2_166_136_261
        // Wrapping multiplication is the point of this mix.
        for byte in name { mix = (mix ^ UInt32(byte)) &* 16_777_619 }
        return shards[Int(mix >> 16 ^ mix) & (AccessDirectory.shardCount - 1)]
    }
}
