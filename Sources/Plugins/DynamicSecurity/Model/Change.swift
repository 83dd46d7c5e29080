// SPDX-License-Identifier: Apache-2.0
// The changes the state can undergo: what commands ask for and what the journal records.

/// One change of the state; applying the same sequence to the same state gives the same result.
package enum Change: Sendable {
    /// Creates or replaces a client, with its roles and groups.
    case putClient(Client)
    /// Removes a client.
    case deleteClient(ByteString)
    /// Creates or replaces a group; its members stay.
    case putGroup(Group)
    /// Removes a group, from its members too.
    case deleteGroup(ByteString)
    /// Makes exactly these clients the members of a group.
    case setMembers(group: ByteString, members: [Assignment])
    /// Creates or replaces a role.
    case putRole(Role)
    /// Removes a role, from clients and groups too.
    case deleteRole(ByteString)
    /// Replaces the default access.
    case setDefaults(DefaultAccess)
    /// Names the group of clients without a username.
    case setAnonymousGroup(ByteString?)
}
