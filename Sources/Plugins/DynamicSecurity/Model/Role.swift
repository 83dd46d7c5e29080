// SPDX-License-Identifier: Apache-2.0
// Roles, which carry access rules.

/// A named set of access rules; immutable, a change makes a new one.
package final class Role: Sendable {
    /// The name, unique among roles.
    package let name: ByteString
    /// A short description.
    package let textName: ByteString?
    /// A long description.
    package let textDescription: ByteString?
    /// Whether subscriptions with wildcards are allowed to whoever has the role.
    package let allowsWildcardSubscriptions: Bool
    /// The rules, by type, then by descending priority, then as they were added.
    package let acls: [ACL]
    /// Members of the saved object that this version does not know.
    package let extra: [ExtraMember]

    /// Where each type's rules begin in `acls`; the seventh lane is their number.
    private let starts: SIMD8<UInt32>

    /// Makes a role; the rules may come in any order.
    package init(
        name: ByteString,
        textName: ByteString? = nil,
        textDescription: ByteString? = nil,
        allowsWildcardSubscriptions: Bool = true,
        acls: [ACL] = [],
        extra: [ExtraMember] = []
    ) {
        self.name = name
        self.textName = textName
        self.textDescription = textDescription
        self.allowsWildcardSubscriptions = allowsWildcardSubscriptions
        self.extra = extra
        // The sort is stable: equal priorities stay in the order in which they were added.
        let sorted = acls.sorted {
            ($0.type.rawValue, -Int($0.priority)) < ($1.type.rawValue, -Int($1.priority))
        }
        self.acls = sorted
        var starts = SIMD8<UInt32>(repeating: UInt32(sorted.count))
        for (index, acl) in sorted.enumerated().reversed() {
            for type in 0...Int(acl.type.rawValue) { starts[type] = UInt32(index) }
        }
        self.starts = starts
    }

    /// The positions of one type's rules in `acls`.
    package func range(of type: ACLType) -> Range<Int> {
        Int(starts[Int(type.rawValue)])..<Int(starts[Int(type.rawValue) + 1])
    }

    /// The same role with other rules.
    package func replacing(acls: [ACL]) -> Role {
        Role(
            name: name,
            textName: textName,
            textDescription: textDescription,
            allowsWildcardSubscriptions: allowsWildcardSubscriptions,
            acls: acls,
            extra: extra
        )
    }

    /// The position of the rule of this type for exactly this topic.
    package func position(of type: ACLType, topic: ByteString) -> Int? {
        range(of: type).first { acls[$0].topic == topic }
    }
}
