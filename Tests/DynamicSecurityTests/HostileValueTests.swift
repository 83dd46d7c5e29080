// SPDX-License-Identifier: Apache-2.0
// Numbers out of range, deep nesting, long and repeated names: in commands and in the state file.

import DynamicSecurity
import Foundation
import Testing

@Suite struct HostileValueTests {
    /// What a JSON number can be, and be taken for one.
    static let numbers = [
        "0", "-1", "2147483647", "2147483648", "-2147483649", "9007199254740992",
        "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e308", "1e999",
        "-1e999", "0.5", "-0.0", "1e-999",
    ]

    @Test("A number of any size is a priority, an offset, a count", arguments: numbers)
    func limits(number: String) throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        _ = fixture.run(#""command":"createRole","rolename":"r""#)
        _ = fixture.run(#""command":"createGroup","groupname":"g""#)
        _ = fixture.run(#""command":"createClient","username":"u""#)
        for command in [
            #""command":"addClientRole","username":"u","rolename":"r","priority":\#(number)"#,
            #""command":"addGroupClient","username":"u","groupname":"g","priority":\#(number)"#,
            #""command":"addRoleACL","rolename":"r","acltype":"subscribeLiteral","topic":"t","priority":\#(number),"allow":true"#,
            #""command":"listClients","count":\#(number),"offset":\#(number)"#,
            #""command":"listRoles","count":\#(number),"offset":\#(number),"verbose":true"#,
        ] {
            let answer = fixture.run(command)
            #expect(!answer.contains(#""error""#), "\(command): \(answer)")
        }
        #expect(fixture.engine.directory.snapshot().checkInvariants() == nil)
        // What is read back is cut at both ends, what comes in a command at the top only.
        let restarted = try EngineFixture(in: fixture.directory).engine.directory.snapshot()
        #expect(restarted.checkInvariants() == nil)
        #expect(restarted.clients["u"]?.fields.roles.count == 1)
    }

    @Test("Changes are counted on from any number in the file", arguments: numbers)
    func changeIndex(number: String) throws {
        let fixture = try EngineFixture(#"{"changeIndex":\#(number)}"#)
        defer { fixture.remove() }
        for name in ["a", "b"] { _ = fixture.run(#""command":"createRole","rolename":"\#(name)""#) }
        let start = Double(number) ?? 0
        let isExact = start.magnitude <= 9_007_199_254_740_992
        let expected = (isExact ? Int(start) : 0) + 2
        #expect(fixture.engine.directory.snapshot().changeIndex == expected)
    }

    @Test(
        "Nesting beyond what the parser follows is no JSON",
        arguments: [900, 1000, 1001, 100_000]
    )
    func nesting(depth: Int) throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        let deep = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let answer = fixture.run(#""command":"createRole","rolename":"r","extra":\#(deep)"#)
        // Two levels are those of the message itself and one is the command's.
        #expect(answer.contains("Payload not valid JSON") == (depth + 3 > 1000))
        let isWhole = StateFile.parse(Array(#"{"extra":\#(deep)}"#.utf8)) != nil
        #expect(isWhole == (depth <= 1000))
    }

    @Test("Names are checked where they come in: length, UTF-8, NUL")
    func names() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        for (name, isRefused) in [
            (String(repeating: "n", count: 65_535), false),
            (String(repeating: "n", count: 65_536), true), (#"\u0001"#, true), (#"\ufffe"#, true),
        ] {
            let answer = fixture.run(#""command":"createClient","username":"\#(name)""#)
            #expect(answer.contains("Username not valid UTF-8") == isRefused)
        }
        // A NUL ends the text, as it does for the C functions of the original.
        _ = fixture.run(#""command":"createClient","username":"cut\u0000off""#)
        #expect(fixture.engine.directory.snapshot().clients["cut"] != nil)
        #expect(fixture.engine.directory.snapshot().checkInvariants() == nil)
    }

    @Test("Repeated members and elements count once")
    func repetition() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        _ = fixture.run(#""command":"createRole","rolename":"r""#)
        let roles = Array(repeating: #"{"rolename":"r"}"#, count: 20_000).joined(separator: ",")
        let answer = fixture.run(
            #""command":"createClient","username":"u","username":"v","roles":[\#(roles)]"#
        )
        #expect(!answer.contains("error"))
        let client = try #require(fixture.engine.directory.snapshot().clients["u"])
        #expect(client.fields.roles.count == 1)
        #expect(fixture.engine.directory.snapshot().clients["v"] == nil)
    }

    @Test("What is no file is not read as one", arguments: ["directory", "fifo", "huge"])
    func files(kind: String) throws {
        let directory = try EngineFixture.makeDirectory(nil)
        let path = directory + "/dynsec.json"
        switch kind {
        case "directory":
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: false
            )
        case "fifo": #expect(mkfifo(path, 0o600) == 0)
        default:
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            #expect(truncate(path, 1 << 40) == 0)
        }
        let fixture = try EngineFixture(in: directory)
        defer { fixture.remove() }
        #expect(
            fixture.log.contains { $0.contains("Error loading Dynamic security plugin config") }
        )
        let answer = fixture.run(#""command":"createRole","rolename":"r""#)
        #expect(answer.contains("Config file not loaded"))
    }
}
