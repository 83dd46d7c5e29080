// SPDX-License-Identifier: Apache-2.0
// The fields of a command.

import JSON

/// The fields of one command.
struct CommandRequest {
    /// The command's object.
    let node: JSONNode

    /// A name that must be there.
    func name(
        _ field: NameField,
        mayBeEmpty: Bool = true,
        isChecked: Bool = true
    ) throws(CommandError) -> ByteString {
        guard let name = node[field.key]?.string else { throw CommandError(field.missing) }
        if name.isEmpty, !mayBeEmpty { throw CommandError(field.empty) }
        if isChecked, !name.isValidMQTTText { throw CommandError(field.notUTF8) }
        return name
    }

    /// A string that may be missing but must not be anything else.
    func optionalString(
        _ key: StaticString,
        otherwise error: String
    ) throws(CommandError) -> ByteString? {
        guard let value = node[key] else { return nil }
        guard let string = value.string else { throw CommandError(error) }
        return string
    }

    /// The short and the long description of what is to be made.
    func texts() throws(CommandError) -> (name: ByteString?, description: ByteString?) {
        (
            try optionalString("textname", otherwise: "Invalid/missing textname"),
            try optionalString("textdescription", otherwise: "Invalid/missing textdescription")
        )
    }

    /// A string, if the field is one.
    func string(_ key: StaticString) -> ByteString? { node[key]?.string }

    /// A whole number, if the field is a number.
    func integer(_ key: StaticString) -> Int? { node[key]?.integer }

    /// A truth value, if the field is one.
    func boolean(_ key: StaticString) -> Bool? { node[key]?.boolean }

    /// The roles to assign, or nil when the request says nothing about them.
    func roles(
        in directory: AccessDirectory,
        invalid: String,
        priority: (Int) -> Int32
    ) throws(CommandError) -> [Assignment]? {
        guard let list = node["roles"] else { return nil }
        guard list.isArray else { throw CommandError(invalid) }
        var result: [Assignment] = []
        for element in list.children {
            guard let name = element["rolename"]?.string else { throw CommandError(invalid) }
            guard let known = directory.read({ $0.roles[name]?.name }) else {
                throw CommandError("Role not found")
            }
            let value = element["priority"]?.integer.map(priority) ?? Priority.unset
            result.append(Assignment(known, priority: value))
        }
        return result.ranked
    }
}
