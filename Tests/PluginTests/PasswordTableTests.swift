// SPDX-License-Identifier: Apache-2.0
// The text of password files.

import PasswordHash
import PluginSDK
import TestSupport
import Testing

@testable import PasswordFile

private let undecodable =
    "Error: Unable to decode line in password file 'F': line 1, user 'bob'"
private let remedy = "mosquitto_passwd sets a new one."

@Suite("Password file")
struct PasswordTableTests {
    private static let hash = PasswordVectors.all[2]

    @Test("Comments, blank lines and lines without a colon are skipped; white space is trimmed")
    func tolerant() throws {
        let text =
            "# a:b\n\njunk\n bob \t: \(Self.hash) :ignored\r\n::eve:::\(Self.hash)\nlast:\(Self.hash)"
        let table = try PasswordTable(parsing: Array(text.utf8), path: "F")
        #expect(table.count == 3)
        for user in ["bob", "eve", "last"] {
            #expect(table[Array(user.utf8)]?.verify(Array("secret".utf8)) == true)
        }
        #expect(table[Array("a".utf8)] == nil)
    }

    @Test("A NUL byte ends the file")
    func embeddedNUL() throws {
        let text = "bob:\(Self.hash)\n\0eve:\(Self.hash)\n"
        #expect(try PasswordTable(parsing: Array(text.utf8), path: "F").count == 1)
    }

    @Test("Names that differ in bytes are different users")
    func byteWise() throws {
        let text = "\u{E9}:\(Self.hash)\ne\u{301}:\(Self.hash)\n"
        #expect(try PasswordTable(parsing: Array(text.utf8), path: "F").count == 2)
    }

    @Test("Users that are not there have a hash to be worked on, the same each time")
    func decoys() throws {
        let text = "bob:\(Self.hash)\neve:\(PasswordVectors.all[0])\n"
        let table = try PasswordTable(parsing: Array(text.utf8), path: "F")
        for number in 0..<20 {
            let user = Array("nobody\(number)".utf8)
            let decoy = try #require(table.decoy(for: user))
            #expect([table[Array("bob".utf8)], table[Array("eve".utf8)]].contains(decoy))
            #expect(table.decoy(for: user) == decoy)
            #expect(table[user] == nil)
        }
        #expect(try PasswordTable(parsing: [], path: "F").decoy(for: [1]) == nil)
    }

    @Test(
        "A bad line is refused with the original's words",
        arguments: [
            (" :x\n", "Error: Empty username in password file 'F': line 1."),
            (":\n", "Error: Empty username in password file 'F': line 1."),
            (
                "bob:",
                "Error: Invalid line in password file 'F': line 1: no user name or no password."
            ),
            ("bob:\n", "\(undecodable): the password is empty. \(remedy)"),
            (
                ":\(hash)\n",
                "Error: Invalid line in password file 'F': line 1: no user name or no password."
            ),
            ("bob:plain\n", "\(undecodable): the password is not hashed. \(remedy)"),
            ("bob:$5$x$y\n", "\(undecodable): no hash begins with $5$. \(remedy)"),
            (
                "bob:\(hash)\nbob:\(hash)\n",
                "Error: Duplicate user 'bob' in password file 'F': line 2."
            ),
            (
                String(repeating: "u", count: 65_536) + ":\(hash)\n",
                "Error: Invalid line in password file 'F': line 1, username too long."
            ),
            (
                "bob:" + String(repeating: "p", count: 65_536),
                "Error: Invalid line in password file 'F': line 1, password too long."
            ),
        ]
    )
    func refused(text: String, message: String) {
        #expect(throws: PasswordFileError(message: message)) {
            try PasswordTable(parsing: Array(text.utf8), path: "F")
        }
    }
}
