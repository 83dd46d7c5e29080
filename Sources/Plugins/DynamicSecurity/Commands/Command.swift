// SPDX-License-Identifier: Apache-2.0
// One command of a control message: its fields, its result, its failure.

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

/// Why a command failed, in the words the interface prescribes.
struct CommandError: Error {
    /// The text of the answer.
    let text: String
    /// Clients that are disconnected all the same.
    let kicks: Kicks

    init(_ text: String, kicks: Kicks = Kicks()) {
        self.text = text
        self.kicks = kicks
    }

    /// What nothing better is known for.
    static let `internal` = CommandError("Internal error")
}

/// What a command that succeeded gives.
struct CommandResult {
    /// The `data` of the answer, as JSON; nil for a plain answer.
    var data: ByteString?
    /// What to change; nil for commands that only read.
    var changes: [Change]?
    /// Whom to disconnect.
    var kicks = Kicks()
    /// What the log says about it, one text per line.
    var details: [String] = []

    /// The result of a command that changes something.
    static func changing(
        _ changes: [Change],
        kicks: Kicks = Kicks(),
        details: String
    ) -> CommandResult {
        CommandResult(changes: changes, kicks: kicks, details: [details])
    }

    /// The result of a command that answers with data.
    static func reading(details: String, _ body: (inout JSONWriter) -> Void) -> CommandResult {
        var writer = JSONWriter(formatted: false)
        writer.beginObject()
        body(&writer)
        writer.endObject()
        return CommandResult(data: ByteString(writer.bytes), details: [details])
    }
}

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

extension ByteString {
    /// The bytes for a log line, which they must not be able to break.
    var forLog: String {
        ByteString(bytes.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }).text
    }
}
