// SPDX-License-Identifier: Apache-2.0
// The fields that name clients, groups and roles.

/// The name of a client, group or role in a request, and what is said when it is wrong.
struct NameField {
    let key: StaticString
    let missing: String
    let empty: String
    let notUTF8: String

    static let username = NameField(
        key: "username",
        missing: "Invalid/missing username",
        empty: "Empty username",
        notUTF8: "Username not valid UTF-8"
    )
    static let group = NameField(
        key: "groupname",
        missing: "Invalid/missing groupname",
        empty: "Empty groupname",
        notUTF8: "Group name not valid UTF-8"
    )
    static let role = NameField(
        key: "rolename",
        missing: "Invalid/missing rolename",
        empty: "Empty rolename",
        notUTF8: "Role name not valid UTF-8"
    )
}
