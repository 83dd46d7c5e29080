// SPDX-License-Identifier: Apache-2.0
// The command line of mosquitto_passwd.

import Glibc
import TestSupport
import Testing
import ToolSupport

@testable import mosquitto_passwd

@Suite("mosquitto_passwd command line")
struct PasswdOptionsTests {
    private static let refused: [(String, String)] = [
        ("-c -D f u", "Error: -c and -D cannot be used together."),
        ("-c -U f", "Error: -c and -U cannot be used together."),
        ("-D -U f", "Error: -D and -U cannot be used together."),
        ("-b -D f u", "Error: -b and -D cannot be used together."),
        ("-c", "Error: -c argument given but password file or username missing."),
        ("-c f", "Error: -c argument given but password file or username missing."),
        (
            "-c -b f u",
            "Error: -c argument given but password file, username, or password missing."
        ),
        ("-D f", "Error: -D argument given but password file or username missing."),
        ("-U", "Error: -U argument given but password file missing."),
        ("-H", "Error: -H argument given but not enough other arguments."),
        ("-H md5 f u", "Error: Unknown hash type 'md5'"),
        ("-I", "Error: -I argument given but not enough other arguments."),
        ("-I 0 f u", "Error: Number of iterations must be > 0."),
        ("-I x f u", "Error: Number of iterations must be > 0."),
    ]

    private func words(_ line: String) -> [[UInt8]] {
        line.utf8.split(separator: UInt8(ascii: " ")).map(Array.init)
    }

    @Test("a wrong command line is refused with the known text", arguments: refused)
    func refusal(_ line: String, _ text: String) {
        #expect(throws: UsageError.message(text)) { try Options(words(line)) }
    }

    @Test(
        "a wrong number of words shows the usage",
        arguments: ["", "f", "-b f u", "-b f u p x", "f u x"]
    )
    func wrongCount(_ line: String) {
        #expect(throws: UsageError.usage) { try Options(words(line)) }
    }

    @Test("options are known before FILE only; an unknown one is FILE")
    func order() throws {
        let options = try Options(words("-x user"))
        #expect(options.path == "-x")
        #expect(options.action == .set(user: "user", password: nil, creating: false))
        let creating = try Options(words("-H argon2id -I 7 -b -c f -c -D"))
        #expect(creating.action == .set(user: "-c", password: Array("-D".utf8), creating: true))
        #expect(creating.algorithm == .argon2id)
        #expect(creating.iterations == 7)
    }

    @Test("a password may be any bytes; user and file name are UTF-8")
    func bytes() throws {
        let odd: [UInt8] = [0xFF, 0x80]
        let options = try Options(words("-b f u") + [odd])
        #expect(options.action == .set(user: "u", password: odd, creating: false))
        #expect(throws: UsageError.message("Error: Username must be valid UTF-8.")) {
            try Options(words("-D f") + [odd])
        }
        #expect(throws: UsageError.message("Error: Password file name must be valid UTF-8.")) {
            try Options(words("-U") + [odd])
        }
    }

    @Test("sha512-pbkdf2 with 1000 iterations is what is written by default")
    func defaults() throws {
        let options = try Options(words("f u"))
        #expect(options.algorithm == .sha512PBKDF2)
        #expect(options.iterations == 1000)
    }
}
