// SPDX-License-Identifier: Apache-2.0
// Carries out one mosquitto_passwd command line.

import Glibc
import PasswordHash
import SafeFiles
import ToolSupport

/// The end of the program with a message for standard error.
struct Failure: Error {
    var message: String
    var status: Int32 = 1
}

/// One run of mosquitto_passwd.
struct Program {
    private static let lengthMax = 65_535

    let options: Options

    private var algorithm: PasswordHash.Algorithm {
        options.algorithm.hash(iterations: options.iterations)
    }

    /// Does what the options ask for.
    func run() throws(Failure) {
        switch options.action {
        case .set(let user, let password, let isCreating):
            try checkUser(user)
            // Nobody types a password for a file that is not there.
            if password == nil, !isCreating { _ = try resolvedPath() }
            let secret = if let password { password } else { try askPassword() }
            guard !secret.isEmpty else { throw Failure(message: "Error: Empty password.") }
            guard secret.count <= Self.lengthMax else {
                throw Failure(
                    message: "Error: Password must be less than 65536 characters long."
                )
            }
            try isCreating ? create(user, secret) : change(user, secret)
        case .delete(let user):
            try checkUser(user)
            try delete(user)
        case .hashAll:
            try hashAll()
        }
    }

    private func checkUser(_ user: String) throws(Failure) {
        guard user.utf8.count <= Self.lengthMax else {
            throw Failure(message: "Error: Username must be less than 65536 characters long.")
        }
        guard !user.isEmpty else { throw Failure(message: "Error: Username must not be empty.") }
        let controls = user.unicodeScalars.contains { $0.properties.generalCategory == .control }
        guard !controls else {
            throw Failure(message: "Error: Username must not contain control characters.")
        }
        guard !user.contains(":") else {
            throw Failure(message: "Error: Username must not contain the ':' character.")
        }
    }

    /// Asks twice; a person's prompts stay out of standard output when the entry goes there.
    ///
    /// A script that feeds the password finds the prompts in standard output, as ever.
    private func askPassword() throws(Failure) -> [UInt8] {
        let isPersonAsked = isatty(STDIN_FILENO) == 1
        let output = options.path == "-" && isPersonAsked ? STDERR_FILENO : STDOUT_FILENO
        let first = Terminal.readSecret(prompt: "Password: ", output: output)
        guard !first.isEmpty else { throw Failure(message: "Error: Empty password.") }
        let second = Terminal.readSecret(prompt: "Reenter password: ", output: output)
        guard !second.isEmpty else { throw Failure(message: "Error: Empty password.") }
        guard first == second else {
            throw Failure(message: "Error: Passwords do not match.", status: 2)
        }
        return first
    }

    private func encode(_ password: [UInt8]) throws(Failure) -> String {
        guard let hash = PasswordHash(hashing: password, with: algorithm) else {
            throw Failure(message: "Error: Unable to hash password.", status: 10)
        }
        return hash.encoded
    }

    private func create(_ user: String, _ password: [UInt8]) throws(Failure) {
        var file = PasswordFile()
        _ = file.set(user, encoded: try encode(password))
        guard options.path != "-" else {
            Terminal.write(String(decoding: file.content, as: UTF8.self), to: STDOUT_FILENO)
            return
        }
        do {
            try File.create(options.path, content: file.content)
        } catch {
            throw Failure(
                message: "Error: Unable to open file \(options.path) for writing. \(error.reason)."
            )
        }
        Terminal.say("Adding password for user \(user)")
    }

    private func change(_ user: String, _ password: [UInt8]) throws(Failure) {
        let path = try resolvedPath()
        var file = try load(path)
        let isKnown = file.set(user, encoded: try encode(password))
        try save(file, to: path)
        Terminal.say("\(isKnown ? "Updating" : "Adding") password for user \(user)")
    }

    private func delete(_ user: String) throws(Failure) {
        let path = try resolvedPath()
        var file = try load(path)
        guard file.delete(user) else {
            throw Failure(message: "Warning: User \(user) not found in password file.")
        }
        try save(file, to: path)
    }

    private func hashAll() throws(Failure) {
        let path = try resolvedPath()
        var file = try load(path)
        guard !file.isEmpty else { throw Failure(message: "Error: Password file is empty.") }
        guard file.hashAll(with: algorithm) else {
            throw Failure(message: "Error: Unable to hash password.", status: 10)
        }
        try save(file, to: path)
    }

    // MARK: The file

    /// Follows symbolic links, so that the file behind one is replaced and not the link.
    private func resolvedPath() throws(Failure) -> String {
        guard let resolved = realpath(options.path, nil) else {
            throw unopened(options.path, errno)
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private func load(_ path: String) throws(Failure) -> PasswordFile {
        try checkAccess(path)
        let content: [UInt8]
        do {
            content = try File.readToEnd(path)
        } catch {
            throw unopened(path, error.code)
        }
        do {
            return try PasswordFile(content)
        } catch {
            throw Failure(message: "Error: Corrupt password file at line \(error.number).")
        }
    }

    private func save(_ file: PasswordFile, to path: String) throws(Failure) {
        do {
            try File.replaceContent(of: path, with: file.content)
        } catch {
            var message = "Error: Unable to \(error.action) password file \(path). \(error.reason)."
            if let backup = error.backup { message += "\nThe old content is in \(backup)." }
            throw Failure(message: message)
        }
    }

    private func unopened(_ path: String, _ code: CInt) -> Failure {
        let reason = String(cString: strerror(code))
        return Failure(message: "Error: Unable to open password file \(path). \(reason).")
    }

    /// Warns when others may read the file, as the broker does when it loads one.
    private func checkAccess(_ path: String) throws(Failure) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw unopened(path, errno) }
        if status.st_mode & S_IFMT == S_IFDIR { throw unopened(path, EISDIR) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(message: "Error: \(path) is not a file.")
        }
        guard access(path, W_OK) == 0 else { throw unopened(path, errno) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unopened(path, errno) }
        defer { close(descriptor) }
        for line in SensitiveFile.warnings(for: descriptor, path: path) { Terminal.complain(line) }
    }
}
