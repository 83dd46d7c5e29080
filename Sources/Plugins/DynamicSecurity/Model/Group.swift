// SPDX-License-Identifier: Apache-2.0
// A group of clients.

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
