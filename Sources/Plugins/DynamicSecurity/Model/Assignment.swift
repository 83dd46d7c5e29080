// SPDX-License-Identifier: Apache-2.0
// A role or group with its priority.

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
