// SPDX-License-Identifier: Apache-2.0
// Clients, and the priorities of what they have.

/// A priority as the interface knows it.
package enum Priority {
    /// What an assignment without a priority has; an explicit 0 outranks it.
    package static let unset: Int32 = -1
    /// The highest priority; larger numbers are cut.
    package static let highest = 100_000

    /// Cuts at the top only, as most requests do.
    package static func capped(_ value: Int) -> Int32 {
        Int32(clamping: min(value, highest))
    }

    /// Cuts at both ends, as rules, group requests and the state file do.
    package static func clamped(_ value: Int) -> Int32 {
        Int32(clamping: max(-highest, min(value, highest)))
    }
}

/// A member of a saved object that this version does not know and keeps.
package struct ExtraMember: Sendable, Equatable {
    /// The member's name.
    package let name: ByteString
    /// Its value as compact JSON.
    package let value: ByteString

    /// Remembers a member.
    package init(name: ByteString, value: ByteString) {
        self.name = name
        self.value = value
    }
}

/// An account; immutable, a change makes a new one.
package final class Client: Sendable {
    /// What an account consists of.
    package struct Fields: Sendable {
        /// The name, unique among clients.
        package var username: ByteString
        /// The only client identifier it may connect with; nil is any.
        package var clientID: ByteString?
        /// A short description.
        package var textName: ByteString?
        /// A long description.
        package var textDescription: ByteString?
        /// Whether it is refused at login.
        package var isDisabled = false
        /// The encoded password hash; without one nobody can log in.
        package var password: ByteString?
        /// Its roles, in order of evaluation.
        package var roles: [Assignment] = []
        /// Its groups, in order of evaluation.
        package var groups: [Assignment] = []
        /// Members of the saved object that this version does not know.
        package var extra: [ExtraMember] = []

        /// An account with a name and nothing else.
        package init(username: ByteString) {
            self.username = username
        }
    }

    /// The account's content.
    package let fields: Fields

    /// Makes an account.
    package init(_ fields: Fields) {
        self.fields = fields
    }

    /// The name, unique among clients.
    package var username: ByteString { fields.username }

    /// The same account after a change.
    package func changing(_ change: (inout Fields) -> Void) -> Client {
        var fields = fields
        change(&fields)
        return Client(fields)
    }
}
