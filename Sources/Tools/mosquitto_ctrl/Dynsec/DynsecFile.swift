// SPDX-License-Identifier: Apache-2.0
// The dynamic security file, made and changed without a broker.

import Glibc
import JSON
import PasswordHash
import SafeFiles
import ToolSupport

/// Commands on a dynamic security file.
enum DynsecFile {
    // MARK: init

    /// Creates the file with one administrator: `FILE ADMIN [PASSWORD]`.
    ///
    /// - Returns: what to say about it.
    static func initialise(
        _ arguments: [String],
        ask: CommandLineRequest.Ask
    ) throws(ToolFailure) -> String {
        guard arguments.count >= 2 else {
            throw ToolFailure(
                "dynsec init: Not enough arguments - filename, or admin-user missing.\n"
                    + "Error: Invalid input.",
                .invalidInput
            )
        }
        guard arguments.count <= 3 else {
            throw ToolFailure(
                "dynsec init: Too many arguments.\nError: Invalid input.",
                .invalidInput
            )
        }
        let path = arguments[0]
        let admin = arguments[1]
        if access(path, F_OK) == 0 { throw unwritable(path, EEXIST) }
        let password =
            if arguments.count == 3 { arguments[2] } else {
                try CommandLineRequest.newPassword(admin, ask)
            }
        let content = initialContent(admin: admin, password: try encode(password))
        do {
            try File.create(path, mode: 0o640, content: try bytes(content))
        } catch let error as FileError {
            throw unwritable(path, error.code)
        } catch {
            throw ToolFailure("Error: Out of memory.")
        }
        return initialised(path, admin)
    }

    private static func unwritable(_ path: String, _ code: CInt) -> ToolFailure {
        let reason = String(cString: strerror(code))
        return ToolFailure("dynsec init: Unable to open '\(path)' for writing (\(reason)).")
    }

    private static func initialContent(admin: String, password: String) -> JSONValue {
        let control = "$CONTROL/dynamic-security/#"
        let rules = [
            ("publishClientSend", control), ("publishClientReceive", control),
            ("subscribePattern", control), ("publishClientReceive", "$SYS/#"),
            ("subscribePattern", "$SYS/#"), ("publishClientReceive", "#"),
            ("subscribePattern", "#"), ("unsubscribePattern", "#"),
        ]
        let acls = rules.map { type, topic in
            JSONValue.object([
                .init("acltype", .string(type)), .init("topic", .string(topic)),
                .init("allow", true),
            ])
        }
        let client = JSONValue.object([
            .init("username", .string(admin)), .init("textName", "Dynsec admin user"),
            .init("encoded_password", .string(password)),
            .init("roles", .array([.object([.init("rolename", "admin")])])),
        ])
        let role = JSONValue.object([.init("rolename", "admin"), .init("acls", .array(acls))])
        let defaults = JSONValue.object([
            .init("publishClientSend", false), .init("publishClientReceive", true),
            .init("subscribe", false), .init("unsubscribe", true),
        ])
        return .object([
            .init("clients", .array([client])), .init("roles", .array([role])),
            .init("defaultACLAccess", defaults),
        ])
    }

    private static func initialised(_ path: String, _ admin: String) -> String {
        let call = "   mosquitto_ctrl <connect options> dynsec"
        return """
            The client '\(admin)' has been created in the file '\(path)'.
            It may administer the dynamic security plugin, and nothing else:
            it cannot publish to the topics of applications.
            Create the clients of your applications next, for example with:
            \(call) createClient <username>
            \(call) createRole <rolename>
            \(call) addRoleACL <rolename> publishClientSend my/topic allow [priority]
            \(call) addClientRole <username> <rolename> [priority]
            See https://mosquitto.org/documentation/dynamic-security/ for all commands.
            """
    }

    // MARK: -f FILE

    /// Sets a client's password in the file: `USER [PASSWORD] [-i ITERATIONS]`.
    static func setClientPassword(
        _ path: String,
        _ arguments: [String],
        ask: CommandLineRequest.Ask
    ) throws(ToolFailure) {
        var words: [String] = []
        var algorithm = PasswordHash.Algorithm.usual
        var rest = arguments[...]
        while let word = rest.popFirst() {
            if word == "-i" {
                guard let text = rest.popFirst() else {
                    throw ToolFailure(
                        "Error: -i argument given, but no iterations provided.\n"
                            + "Error: Invalid input.",
                        .invalidInput
                    )
                }
                guard let count = Int32(text), count > 0 else {
                    throw ToolFailure("Error: Invalid input.", .invalidInput)
                }
                algorithm = .pbkdf2(iterations: Int(count))
            } else if words.count == 2 {
                throw ToolFailure(
                    "Error: Unknown argument: \(word)\nError: Invalid input.",
                    .invalidInput
                )
            } else {
                words.append(word)
            }
        }
        guard let user = words.first else {
            throw ToolFailure("Error: Invalid input.", .invalidInput)
        }
        var file = try load(path)
        let password =
            if words.count == 2 { words[1] } else { try CommandLineRequest.newPassword(user, ask) }
        try setPassword(&file, user, try encode(password, with: algorithm))
        try save(file, to: path)
    }

    private static func setPassword(
        _ file: inout JSONValue,
        _ user: String,
        _ encoded: String
    ) throws(ToolFailure) {
        var clients = file["clients"]?.elements ?? []
        guard let index = clients.firstIndex(where: { $0["username"]?.text == user }) else {
            throw ToolFailure("Error: Client \(user) not found.")
        }
        for key in ["password", "salt", "iterations", "encoded_password"] {
            clients[index][key] = nil
        }
        clients[index]["encoded_password"] = .string(encoded)
        file["clients"] = .array(clients)
    }

    private static func load(_ path: String) throws(ToolFailure) -> JSONValue {
        let content: [UInt8]
        do {
            content = try File.readToEnd(path)
        } catch {
            throw ToolFailure("Error: Unable to open \(path).", .invalidInput)
        }
        guard !content.isEmpty else { throw ToolFailure("Error: \(path) is empty.", .invalidInput) }
        guard let file = JSONValue(parsing: content) else {
            throw ToolFailure("Error: \(path) is not valid JSON.", .invalidInput)
        }
        guard file["clients"]?.elements != nil else {
            throw ToolFailure(
                "Error: \(path) is not a valid dynamic-security config file.",
                .invalidInput
            )
        }
        return file
    }

    private static func save(_ file: JSONValue, to path: String) throws(ToolFailure) {
        let content = try bytes(file)
        do {
            try File.replaceContent(of: path, with: content)
        } catch {
            var text = "Error: Unable to \(error.action) \(path). \(error.reason)."
            if let backup = error.backup { text += "\nThe old content is in \(backup)." }
            throw ToolFailure(text, .system)
        }
    }

    private static func bytes(_ value: JSONValue) throws(ToolFailure) -> [UInt8] {
        let text = value.compactText
        return Array(text.utf8)
    }

    private static func encode(
        _ password: String,
        with algorithm: PasswordHash.Algorithm = .usual
    ) throws(ToolFailure) -> String {
        guard let hash = PasswordHash(hashing: Array(password.utf8), with: algorithm) else {
            throw ToolFailure("Error: Unable to hash password.", .notSupported)
        }
        return hash.encoded
    }
}
