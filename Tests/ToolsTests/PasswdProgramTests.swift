// SPDX-License-Identifier: Apache-2.0
// mosquitto_passwd as a program.

import Foundation
import Glibc
import PasswordHash
import TestSupport
import Testing
import ToolSupport

@testable import mosquitto_passwd

@Suite("mosquitto_passwd runs")
struct PasswdProgramTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(_ arguments: String...) throws -> Outcome {
        try ToolProgram.passwd.run(arguments, in: folder.path)
    }

    @Test("-c creates a file only its owner can read, and never overwrites one")
    func create() throws {
        let made = try run("-c", "-b", "f", "user", "secret")
        #expect(made.status == 0)
        #expect(made.output == "Adding password for user user\n")
        var status = stat()
        #expect(stat(folder.file("f"), &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o600)
        let again = try run("-c", "-b", "f", "user", "secret")
        #expect(again.status == 1)
        #expect(again.errors == "Error: Unable to open file f for writing. File exists.\n")
    }

    @Test("users are added, changed and deleted; mode and owner of the file stay")
    func change() throws {
        try folder.write("f", "first:plain\n", mode: 0o640)
        if geteuid() == 0 { chown(folder.file("f"), 12_345, 23_456) }
        #expect(try run("-b", "f", "second", "pw").output == "Adding password for user second\n")
        #expect(try run("-b", "f", "second", "qw").output == "Updating password for user second\n")
        #expect(try run("-D", "f", "first").status == 0)
        let text = try folder.read("f")
        #expect(text.hasPrefix("second:$7$1000$"))
        #expect(text.split(separator: "\n").count == 1)
        var status = stat()
        #expect(stat(folder.file("f"), &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o640)
        if geteuid() == 0 { #expect([status.st_uid, status.st_gid] == [12_345, 23_456]) }
        #expect(try folder.names() == ["f"])
    }

    @Test("deleting an unknown user changes nothing")
    func deleteUnknown() throws {
        try folder.write("f", "a:b\n")
        let outcome = try run("-D", "f", "nobody")
        #expect(outcome.status == 1)
        #expect(outcome.errors == "Warning: User nobody not found in password file.\n")
        #expect(try folder.read("f") == "a:b\n")
    }

    @Test("-U hashes every password, again if it was hashed")
    func hashAll() throws {
        try folder.write("f", "a:one\nb:two\n")
        #expect(try run("-U", "f").status == 0)
        let first = try folder.read("f")
        #expect(first.split(separator: "\n").allSatisfy { $0.contains(":$7$1000$") })
        #expect(try run("-H", "sha512", "-U", "f").status == 0)
        #expect(try folder.read("f").contains("a:$6$"))
        try folder.write("empty", "")
        #expect(try run("-U", "empty").status == 1)
    }

    @Test(
        "a file whose owner cannot be given back is rewritten in place",
        .enabled(if: geteuid() == 0, "only root can run a program as somebody else")
    )
    func foreignOwner() throws {
        try folder.write("f", "a:b\n", mode: 0o666)
        chmod(folder.path, 0o777)
        var before = stat()
        #expect(stat(folder.file("f"), &before) == 0)
        let outcome = try ChildProcess.run(
            "/usr/bin/setpriv",
            [
                "--reuid", "65534", "--regid", "65534", "--clear-groups",
                ToolProgram.passwd.path, "-b", folder.file("f"), "u", "p",
            ]
        )
        #expect(outcome.status == 0)
        #expect(try folder.read("f").hasPrefix("a:b\nu:$7$"))
        var after = stat()
        #expect(stat(folder.file("f"), &after) == 0)
        #expect(after.st_ino == before.st_ino)
        #expect(after.st_uid == 0)
        #expect(try folder.names() == ["f"])
    }

    @Test("a damaged file stays as it is")
    func damaged() throws {
        try folder.write("f", "a:b\nrubbish\n")
        let outcome = try run("-b", "f", "u", "p")
        #expect(outcome.status == 1)
        #expect(outcome.errors == "Error: Corrupt password file at line 2.\n")
        #expect(try folder.read("f") == "a:b\nrubbish\n")
    }

    @Test("the file behind a symbolic link is changed, not the link")
    func link() throws {
        try folder.write("real", "a:b\n")
        symlink("real", folder.file("link"))
        #expect(try run("-b", "link", "u", "p").status == 0)
        #expect(try folder.read("real").contains("\nu:$7$"))
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("link")) == "real"
        )
    }

    @Test(
        "names that cannot be stored are refused",
        arguments: [
            ("a:b", "Error: Username must not contain the ':' character."),
            ("a\tb", "Error: Username must not contain control characters."),
            ("", "Error: Username must not be empty."),
            (
                String(repeating: "n", count: 65_536),
                "Error: Username must be less than 65536 characters long."
            ),
        ]
    )
    func names(_ name: String, _ text: String) throws {
        try folder.write("f", "")
        let outcome = try run("-b", "f", name, "p")
        #expect(outcome.status == 1)
        #expect(outcome.errors == text + "\n")
    }

    @Test("a file that is not there is named with the reason")
    func missing() throws {
        let outcome = try run("-b", "none", "u", "p")
        #expect(outcome.status == 1)
        #expect(
            outcome.errors
                == "Error: Unable to open password file none. No such file or directory.\n"
        )
    }

    @Test("a file others can read is warned about")
    func permissions() throws {
        try folder.write("f", "", mode: 0o644)
        let outcome = try run("-b", "f", "u", "p")
        #expect(outcome.status == 0)
        let file = folder.file("f")
        #expect(
            outcome.errors.hasPrefix(
                "Warning: File \(file) has world readable permissions. Future versions will refuse "
                    + "to load this file.\nTo fix this, use `chmod 0700 \(file)`.\n"
            )
        )
    }

    @Test("with the file - the entry goes to standard output")
    func standardOutput() throws {
        let outcome = try run("-c", "-b", "-", "u", "p")
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("u:$7$1000$"))
        #expect(outcome.output.split(separator: "\n").count == 1)
        #expect(try folder.names().isEmpty)
    }

    @Test("a script that feeds the password finds prompts and entry in standard output")
    func fedPassword() throws {
        let feed = "printf 'p\np\n' | \"$0\" -c - u"
        let outcome = try ChildProcess.run("/bin/sh", ["-c", feed, ToolProgram.passwd.path])
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("Password: \nReenter password: \nu:$7$1000$"))
    }

    @Test("a password on the command line is taken byte for byte")
    func passwordBytes() throws {
        let call = "\"$0\" -c -b -I 1 - u \"$(printf '\\377\\200')\""
        let outcome = try ChildProcess.run("/bin/sh", ["-c", call, ToolProgram.passwd.path])
        #expect(outcome.status == 0)
        let stored = try #require(outcome.output.split(separator: ":").last).dropLast()
        let salt = try #require(Data(base64Encoded: String(stored.split(separator: "$")[2])))
        let hash = PasswordHash(
            hashing: [0xFF, 0x80],
            with: .pbkdf2(iterations: 1),
            salt: Array(salt)
        )
        #expect(hash?.encoded == String(stored))
        let named = "\"$0\" -D f \"$(printf 'a\\377')\""
        let refused = try ChildProcess.run("/bin/sh", ["-c", named, ToolProgram.passwd.path])
        #expect(refused.status == 1)
        #expect(refused.errors == "Error: Username must be valid UTF-8.\n")
    }

    @Test("no password at the end of input is an error")
    func endOfInput() throws {
        let outcome = try run("-c", "f", "u")
        #expect(outcome.status == 1)
        #expect(outcome.errors == "Error: Empty password.\n")
        #expect(try folder.names().isEmpty)
    }

    @Test("an empty password on the command line is an error")
    func emptyPassword() throws {
        let outcome = try run("-c", "-b", "f", "u", "")
        #expect(outcome.status == 1)
        #expect(outcome.errors == "Error: Empty password.\n")
        #expect(try folder.names().isEmpty)
    }

    @Test("passwords are asked for twice and never shown")
    func prompts() throws {
        let session = try TerminalProcess(.passwd, ["-c", folder.file("f"), "user"])
        try session.expect("Password: ")
        session.enter("s3cret")
        try session.expect("Reenter password: ")
        session.enter("s3cret")
        let shown = try session.expect("Adding password for user user")
        #expect(!shown.contains("s3cret"))
        #expect(try session.wait() == 0)
    }

    @Test("different passwords end with status 2")
    func mismatch() throws {
        let session = try TerminalProcess(.passwd, ["-c", folder.file("f"), "user"])
        try session.expect("Password: ")
        session.enter("one")
        try session.expect("Reenter password: ")
        session.enter("two")
        try session.expect("Error: Passwords do not match.")
        #expect(try session.wait() == 2)
        #expect(try folder.names().isEmpty)
    }

    @Test("interrupted at a prompt, the program ends and the terminal echoes again")
    func interrupt() throws {
        let session = try TerminalProcess(.passwd, ["-c", folder.file("f"), "user"])
        try session.expect("Password: ")
        session.type("\u{3}")
        #expect(try session.wait() == 128 + SIGINT)
        #expect(session.lineModes == (true, true))
    }
}
