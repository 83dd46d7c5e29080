// SPDX-License-Identifier: Apache-2.0
// The state file of a broker that starts for the first time.

import COpenSSL
import Glibc
import JSON
import SafeFiles

/// Generates a state file with an administrator, the customary roles and, if nobody chose a
/// password, a client to try things with.
struct FirstStart {
    /// What the configuration says.
    let settings: Settings
    /// The path of the state file.
    let path: String
    /// The value of `MOSQUITTO_DYNSEC_PASSWORD`.
    let environmentPassword: String?
    /// Where log lines go.
    let log: (LogLevel, String) -> Void

    /// Why no file was generated; everything has been logged.
    private struct Failure: Error {}

    /// The passwords of the generated clients.
    private struct Passwords {
        let admin: ByteString
        var demo: ByteString?
    }

    /// Writes the file; false when that was not possible.
    func generate() -> Bool {
        log(.info, "Dynamic security plugin config not found, generating a default config.")
        do throws(Failure) {
            let passwords = try choosePasswords()
            let text = try configuration(passwords)
            do throws(FileError) {
                try File.replace(path, with: text)
            } catch {
                log(.error, "Error: Unable to write dynsec config: \(error)")
                throw Failure()
            }
            return true
        } catch {
            return false
        }
    }

    // MARK: - Passwords

    private func choosePasswords() throws(Failure) -> Passwords {
        if let file = settings.passwordInitFile { return Passwords(admin: try firstLine(of: file)) }
        if let environmentPassword {
            log(.info, "  Using admin password from MOSQUITTO_DYNSEC_PASSWORD environment variable")
            guard environmentPassword.utf8.count >= 12 else {
                log(
                    .error,
                    "Error: Not generating dynsec config, MOSQUITTO_DYNSEC_PASSWORD must be at least 12 characters."
                )
                throw Failure()
            }
            return Passwords(admin: ByteString(environmentPassword))
        }
        let passwords = Passwords(admin: try randomPassword(), demo: try randomPassword())
        try writePasswords(passwords)
        log(.info, "  Generated passwords are at \(path).pw")
        return passwords
    }

    private func firstLine(of file: String) throws(Failure) -> ByteString {
        log(.info, "  Using admin password from file '\(file)'")
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try File.read(file)
        } catch {
            log(.error, "Error: Unable to read initial password file '\(file)': \(error.reason)")
            throw Failure()
        }
        var line = Array(bytes.prefix { $0 != UInt8(ascii: "\n") })
        while let last = line.last, last <= 0x20 { line.removeLast() }
        guard !line.isEmpty else {
            log(.error, "Error: Initial password file '\(file)' is empty.")
            throw Failure()
        }
        return ByteString(line)
    }

    /// Twenty characters of those that survive quoting in shells and files.
    private func randomPassword() throws(Failure) -> ByteString {
        let alphabet = Array(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-=_+[]{}@#~,./<>?".utf8
        )
        let limit = 256 / alphabet.count * alphabet.count
        var password: [UInt8] = []
        while password.count < 20 {
            var byte: UInt8 = 0
            guard RAND_bytes(&byte, 1) == 1 else {
                log(.error, "Error: Unable to generate a password.")
                throw Failure()
            }
            if Int(byte) < limit { password.append(alphabet[Int(byte) % alphabet.count]) }
        }
        return ByteString(password)
    }

    private func writePasswords(_ passwords: Passwords) throws(Failure) {
        let file = path + ".pw"
        var text = Array("admin ".utf8) + passwords.admin.bytes + [0x0A]
        if let demo = passwords.demo { text += Array("democlient ".utf8) + demo.bytes + [0x0A] }
        do throws(FileError) {
            try File.create(file, content: text)
        } catch {
            log(.error, "Error: Unable to write generated passwords: \(error)")
            throw Failure()
        }
    }

    // MARK: - Content

    private func configuration(_ passwords: Passwords) throws(Failure) -> [UInt8] {
        var writer = JSONWriter(formatted: true)
        writer.beginObject()
        writer.key("defaultACLAccess")
        var defaults = DefaultAccess()
        defaults.publishClientReceive = true
        defaults.unsubscribe = true
        writer.defaults(defaults)
        writer.key("clients")
        writer.beginArray()
        writer.generatedClient(
            "admin",
            hash: try hash(passwords.admin),
            textName: "Admin user",
            roles: ["super-admin", "sys-observe", "topic-observe"]
        )
        if let demo = passwords.demo {
            writer.generatedClient(
                "democlient",
                hash: try hash(demo),
                textName:
                    "Demonstration client with full read/write access to the '#' topic hierarchy.",
                roles: ["client"]
            )
        }
        writer.endArray()
        writer.key("groups")
        writer.beginArray()
        let group = Group(
            name: "unauthenticated",
            textName: "Unauthenticated group",
            textDescription:
                "If unauthenticated access is allowed, this group can be used to define roles for clients that connect without a password."
        )
        writer.savedGroup(group, members: nil)
        writer.endArray()
        writer.key("roles")
        writer.beginArray()
        for role in FirstStart.roles { writer.generatedRole(role) }
        writer.endArray()
        writer.key("anonymousGroup")
        writer.string(group.name)
        writer.endObject()
        return writer.bytes
    }

    private func hash(_ password: ByteString) throws(Failure) -> ByteString {
        guard let hash = StoredPassword.make(password, iterations: settings.passwordIterations)
        else {
            log(.error, "Error: Unable to hash a password.")
            throw Failure()
        }
        return hash
    }

    private static let roles: [Role] = [
        role(
            "client",
            "Read/write access to the full application topic hierarchy.",
            everything,
            "#"
        ),
        role(
            "broker-admin",
            "Grants access to administer general broker configuration.",
            everything,
            "$CONTROL/broker/#"
        ),
        role(
            "dynsec-admin",
            "Grants access to administer clients/groups/roles.",
            everything,
            "$CONTROL/dynamic-security/#"
        ),
        role(
            "super-admin",
            "Grants access to administer all kind of broker controls",
            everything,
            "$CONTROL/#"
        ),
        role(
            "sys-notify",
            "Allow bridges to publish connection state messages.",
            [.publishClientSend],
            "$SYS/broker/connection/%c/state"
        ),
        role(
            "sys-observe",
            "Observe the $SYS topic hierarchy.",
            [.publishClientReceive, .subscribePattern],
            "$SYS/#"
        ),
        role(
            "topic-observe",
            "Read only access to the full application topic hierarchy.",
            [.publishClientReceive, .subscribePattern, .unsubscribePattern],
            "#"
        ),
    ]

    private static let everything: [ACLType] = [
        .publishClientSend, .publishClientReceive, .subscribePattern, .unsubscribePattern,
    ]

    private static func role(
        _ name: ByteString,
        _ description: ByteString,
        _ types: [ACLType],
        _ topic: ByteString
    ) -> Role {
        Role(
            name: name,
            textDescription: description,
            acls: types.map { ACL(type: $0, topic: topic, isAllowed: true) }
        )
    }
}

extension JSONWriter {
    /// Writes a generated client, with its members in the order the original gives them.
    fileprivate mutating func generatedClient(
        _ name: ByteString,
        hash: ByteString,
        textName: ByteString,
        roles: [ByteString]
    ) {
        beginObject()
        key("encoded_password")
        string(hash)
        key("username")
        string(name)
        key("textname")
        string(textName)
        assignments("roles", of: "rolename", roles.map { Assignment($0) })
        endObject()
    }

    /// Writes a generated role; what holds anyway is left out.
    fileprivate mutating func generatedRole(_ role: Role) {
        self.role(role, withExtra: false)
    }
}
