// SPDX-License-Identifier: Apache-2.0
// Clients, groups and what ties them to roles.

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

/// A role or group somebody has, with the priority it has there.
package struct Assignment: Sendable, Equatable {
    /// The name of the role or group.
    package let name: ByteString
    /// Higher numbers are asked first.
    package let priority: Int32
    /// Members of the saved object that this version does not know.
    package let extra: [ExtraMember]

    /// Makes an assignment.
    package init(
        _ name: ByteString,
        priority: Int32 = Priority.unset,
        extra: [ExtraMember] = []
    ) {
        self.name = name
        self.priority = priority
        self.extra = extra
    }

    /// The order of evaluation: descending priority, then name.
    package static func ranks(_ left: Assignment, before right: Assignment) -> Bool {
        left.priority == right.priority ? left.name < right.name : left.priority > right.priority
    }
}

extension Array where Element == Assignment {
    /// The assignments in order of evaluation, the first one of each name only.
    package var ranked: [Assignment] {
        guard count > 1 else { return self }
        var names: Set<ByteString> = []
        return filter { names.insert($0.name).inserted }.sorted(by: Assignment.ranks)
    }

    /// The list with one assignment more.
    package func adding(_ assignment: Assignment) -> [Assignment] {
        (self + [assignment]).sorted(by: Assignment.ranks)
    }

    /// The list without the assignment of this name.
    package func removing(_ name: ByteString) -> [Assignment] {
        filter { $0.name != name }
    }

    /// Whether something of this name is assigned.
    package func names(_ name: ByteString) -> Bool {
        contains { $0.name == name }
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

/// A named set of clients that share roles; who belongs to it is recorded with the clients.
package final class Group: Sendable {
    /// The name, unique among groups.
    package let name: ByteString
    /// A short description.
    package let textName: ByteString?
    /// A long description.
    package let textDescription: ByteString?
    /// Its roles, in order of evaluation.
    package let roles: [Assignment]
    /// Members of the saved object that this version does not know.
    package let extra: [ExtraMember]

    /// Makes a group; the roles are expected in order of evaluation.
    package init(
        name: ByteString,
        textName: ByteString? = nil,
        textDescription: ByteString? = nil,
        roles: [Assignment] = [],
        extra: [ExtraMember] = []
    ) {
        self.name = name
        self.textName = textName
        self.textDescription = textDescription
        self.roles = roles
        self.extra = extra
    }

    /// The same group with other roles.
    package func replacing(roles: [Assignment]) -> Group {
        Group(
            name: name,
            textName: textName,
            textDescription: textDescription,
            roles: roles,
            extra: extra
        )
    }
}

/// What holds when no rule matches.
package struct DefaultAccess: Sendable, Equatable {
    /// Whether clients may publish.
    package var publishClientSend = false
    /// Whether clients may receive.
    package var publishClientReceive = false
    /// Whether clients may subscribe.
    package var subscribe = false
    /// Whether clients may unsubscribe.
    package var unsubscribe = false
    /// Members of the saved object that this version does not know.
    package var extra: [ExtraMember] = []

    /// Everything denied.
    package init() {}

    /// One of the four switches, in the order in which they are listed.
    package enum Switch: CaseIterable, Sendable {
        case publishClientSend
        case publishClientReceive
        case subscribe
        case unsubscribe

        /// The name in requests, answers and the state file.
        package var name: StaticString {
            switch self {
            case .publishClientSend: "publishClientSend"
            case .publishClientReceive: "publishClientReceive"
            case .subscribe: "subscribe"
            case .unsubscribe: "unsubscribe"
            }
        }
    }

    /// The value of one switch.
    package subscript(_ which: Switch) -> Bool {
        get {
            switch which {
            case .publishClientSend: publishClientSend
            case .publishClientReceive: publishClientReceive
            case .subscribe: subscribe
            case .unsubscribe: unsubscribe
            }
        }
        set {
            switch which {
            case .publishClientSend: publishClientSend = newValue
            case .publishClientReceive: publishClientReceive = newValue
            case .subscribe: subscribe = newValue
            case .unsubscribe: unsubscribe = newValue
            }
        }
    }
}
