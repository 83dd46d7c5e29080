// SPDX-License-Identifier: Apache-2.0
// An access rule.

/// One access rule.
package struct ACL: Sendable, Equatable {
    /// The topic filter, or for literal types the exact filter a client must ask for.
    package let topic: ByteString
    /// Rules with higher numbers are asked first.
    package let priority: Int32
    /// What the rule is about.
    package let type: ACLType
    /// Whether it allows or denies.
    package let isAllowed: Bool
    /// Members of the saved object that this version does not know.
    package let extra: [ExtraMember]

    /// Makes a rule; the priority is expected within ``Priority`` already.
    package init(
        type: ACLType,
        topic: ByteString,
        priority: Int32 = 0,
        isAllowed: Bool,
        extra: [ExtraMember] = []
    ) {
        self.topic = topic
        self.priority = priority
        self.type = type
        self.isAllowed = isAllowed
        self.extra = extra
    }
}
