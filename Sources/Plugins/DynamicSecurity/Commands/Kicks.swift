// SPDX-License-Identifier: Apache-2.0
// Whom a command disconnects.

/// Clients to disconnect because their rights changed.
package struct Kicks: Sendable, Equatable {
    /// All clients with one of these usernames.
    package var usernames: Set<ByteString> = []
    /// All clients without a username.
    package var isForAnonymous = false

    /// Nobody.
    package init() {}

    /// The clients of one account.
    init(_ username: ByteString) {
        usernames = [username]
    }

    /// Whether there is nobody to disconnect.
    package var isEmpty: Bool { usernames.isEmpty && !isForAnonymous }

    /// Adds what another list names.
    package mutating func add(_ other: Kicks) {
        usernames.formUnion(other.usernames)
        isForAnonymous = isForAnonymous || other.isForAnonymous
    }
}
