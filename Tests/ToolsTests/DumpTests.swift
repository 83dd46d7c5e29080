// SPDX-License-Identifier: Apache-2.0
// mosquitto_db_dump: its command line, and what it prints of files that were made by hand.

import Foundation
import ProgramOptions
import TestSupport
import Testing

@testable import mosquitto_db_dump

@Suite("mosquitto_db_dump")
struct DumpTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func head(_ version: String) -> String {
        "00b500 6d6f7371756974746f206462 00000000 000000\(version)"
    }

    /// A message with every property, one with a payload that is no text, a session and what it has.
    private static let records =
        "00000001 00000010 0700000000000000 01 08 000000000000"
        + "00000002 00000056 0100000000000000 10cd006b00000000 00000005 0001 0002 0002"
        + "0003 49c0 02 01 7031 7075 612f62 68656c6c6f 29 0101 03000474657874 080001 72"
        + "090002 0aff 26 0001 6b 0001 76 26 0002 6b32 0009 7a7a7a7a7a7a7a7a7a"
        + "00000002 00000025 0200000000000000 0000000000000000 00000002 0000 0000 0000"
        + "0003 0000 00 00 612f63 01ff"
        + "00000006 0000001e 0fcd006b00000000 000003e8 0001 0003 49c0 0003 00000000 647572 757372"
        + "00000003 00000017 0100000000000000 0001 0003 02 0b 11 01 647572 03 0bac02"
        + "00000003 00000013 0200000000000000 0000 0003 00 01 00 01 647572"
        + "00000005 00000012 0000012c 0003 0003 02 0c 0000 647572 612f62"
        + "00000004 00000008 0100000000000000"

    /// What is printed of them.
    private static let printed = """
        Mosquitto DB dump
        CRC: 0
        DB version: 6
        DB_CHUNK_CFG:
        \tLength: 16
        \tShutdown: 1
        \tDB ID size: 8
        \tLast DB ID: 7
        DB_CHUNK_BASE_MSG:
        \tLength: 86
        \tStore ID: 1
        \tSource Port: 18880
        \tSource MID: 1
        \tTopic: a/b
        \tQoS: 2
        \tRetain: 1
        \tPayload Length: 5
        \tExpiry Time: 1795214608
        \tPayload: hello
        \tProperties:
        \t\tPayload format indicator: 1
        \t\tContent type: text
        \t\tResponse topic: r
        \t\tCorrelation data: 0AFF
        \t\tUser property: k , v
        \t\tUser property: k2 , zzzzzzzzz
        DB_CHUNK_BASE_MSG:
        \tLength: 37
        \tStore ID: 2
        \tSource Port: 0
        \tSource MID: 0
        \tTopic: a/c
        \tQoS: 0
        \tRetain: 0
        \tPayload Length: 2
        \tExpiry Time: 0
        DB_CHUNK_CLIENT:
        \tLength: 30
        \tClient ID: dur
        \tUsername: usr
        \tListener port: 18880
        \tLast MID: 1
        \tSession expiry time: 1795214607
        \tSession expiry interval: 1000
        DB_CHUNK_CLIENT_MSG:
        \tLength: 23
        \tClient ID: dur
        \tStore ID: 1
        \tMID: 1
        \tQoS: 2
        \tRetain: 1
        \tDirection: 1
        \tState: 11
        \tDup: 1
        \tSubscription identifier: 300
        DB_CHUNK_CLIENT_MSG:
        \tLength: 19
        \tClient ID: dur
        \tStore ID: 2
        \tMID: 0
        \tQoS: 0
        \tRetain: 0
        \tDirection: 1
        \tState: 1
        \tDup: 0
        DB_CHUNK_SUB:
        \tLength: 18
        \tClient ID: dur
        \tTopic: a/b
        \tQoS: 2
        \tSubscription ID: 300
        \tOptions: 0x0C
        DB_CHUNK_RETAIN:
        \tLength: 8
        \tStore ID: 1

        """

    private func file(_ hexadecimal: String) throws -> String {
        let path = folder.file("mosquitto.db")
        try Data(hex(hexadecimal)).write(to: URL(fileURLWithPath: path))
        return path
    }

    private func run(_ words: String...) throws -> Outcome { try ToolProgram.dump.run(words) }

    @Test("every record is printed with its fields")
    func text() throws {
        let outcome = try run(file(Self.head("06") + Self.records))
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
        #expect(outcome.output == Self.printed)
    }

    @Test("--stats counts records, --client-stats what each client has")
    func figures() throws {
        let path = try file(Self.head("06") + Self.records)
        let stats = """
            DB_CHUNK_CFG:        1
            DB_CHUNK_BASE_MSG:   2
            DB_CHUNK_CLIENT_MSG: 2
            DB_CHUNK_RETAIN:     1
            DB_CHUNK_SUB:        1
            DB_CHUNK_CLIENT:     1

            """
        #expect(try run("--stats", path).output == stats)
        let bytes = 23 + 86 + 19 + 37
        #expect(try run("--client-stats", path).output == "SC: 1 SS: 18 MC: 2 MS: \(bytes)   dur\n")
    }

    @Test("--json has everything, with numbers as exact as in the file")
    func json() throws {
        let large = Self.records.replacingOccurrences(
            of: "0700000000000000 01 08",
            with: "ffffffffffffff7f 01 08"
        )
        let outcome = try run("--json", file(Self.head("06") + large))
        #expect(outcome.status == 0)
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? NSDictionary
        )
        let properties: [[String: Any]] = [
            ["identifier": "payload-format-indicator", "value": 1],
            ["identifier": "content-type", "value": "text"],
            ["identifier": "response-topic", "value": "r"],
            ["identifier": "correlation-data", "value": "0AFF"],
            ["identifier": "user-property", "name": "k", "value": "v"],
            ["identifier": "user-property", "name": "k2", "value": "zzzzzzzzz"],
        ]
        let expected: [String: Any] = [
            "base-messages": [
                [
                    "storeid": 1, "expiry-time": 1_795_214_608, "source-mid": 1,
                    "source-port": 18880, "qos": 2, "retain": 1, "topic": "a/b", "clientid": "p1",
                    "username": "pu", "payload": "aGVsbG8=", "properties": properties,
                ],
                [
                    "storeid": 2, "expiry-time": 0, "source-mid": 0, "source-port": 0, "qos": 0,
                    "retain": 0, "topic": "a/c", "payload": "Af8=",
                ],
            ],
            "clients": [
                [
                    "clientid": "dur", "username": "usr", "session-expiry-time": 1_795_214_607,
                    "session-expiry-interval": 1000, "last-mid": 1, "listener-port": 18880,
                ]
            ],
            "client-messages": [
                [
                    "clientid": "dur", "storeid": 1, "mid": 1, "qos": 2, "state": 11,
                    "retain-dup": 17, "direction": 1, "subscription-identifier": 300,
                ],
                [
                    "clientid": "dur", "storeid": 2, "mid": 0, "qos": 0, "state": 1,
                    "retain-dup": 0, "direction": 1, "subscription-identifier": 0,
                ],
            ],
            "retained-messages": [["storeid": 1]],
            "subscriptions": [
                ["clientid": "dur", "topic": "a/b", "qos": 2, "options": 12, "identifier": 300]
            ],
        ]
        #expect(object == expected as NSDictionary, "\(outcome.output)")
        let keys = outcome.output.matches(of: #/(?m)^\t"([a-z-]+)":/#).map { String($0.output.1) }
        #expect(
            keys == [
                "base-messages", "clients", "client-messages", "retained-messages",
                "subscriptions",
            ]
        )
    }

    @Test("an empty object has its arrays")
    func emptyJSON() throws {
        let outcome = try run("--json", file(Self.head("06")))
        let object = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        #expect((object as? [String: [Int]])?.count == 5)
    }

    @Test("a file that cannot be opened is no failure; damage is, with its place")
    func damage() throws {
        let missing = try run("/nonexistent")
        #expect(missing.status == 0 && missing.errors == "Error: Unable to open /nonexistent\n")
        let other = try run(file("00b500 6d6f7371756974746f206463 00000000 00000006"))
        #expect(other.status == 1 && other.errors == "Error: Unrecognised file format.\n")
        let records = Self.head("06") + "00000004 00000008 01000000"
        for words in [[], ["--stats"], ["--client-stats"], ["--json"]] {
            let outcome = try ToolProgram.dump.run(words + [file(records)])
            #expect(outcome.status == 1, "\(words)")
            let lines =
                "Error: Corrupt persistent database.\n"
                + "Error: persistent database, retained message at byte 23: Unexpected end of file.\n"
            #expect(outcome.errors == lines, "\(words)")
            #expect(words.isEmpty || outcome.output.isEmpty, "\(words)")
        }
        let folder = try run(folder.path)
        #expect(folder.status == 1 && folder.errors == "Error: Is a directory.\n")
    }

    @Test("older and newer versions are read, unknown records passed over")
    func versions() throws {
        let older = try run(file(Self.head("02") + "0004 00000008 0100000000000000"))
        #expect(
            older.output.hasSuffix("version: 2\nDB_CHUNK_RETAIN:\n\tLength: 8\n\tStore ID: 1\n")
        )
        let newer = try run(file(Self.head("07") + "00000009 00000001 00" + Self.records))
        #expect(newer.status == 0)
        #expect(newer.output.contains("DB version: 7\nWarning: mosquitto_db_dump does not support"))
        #expect(newer.output.hasSuffix("DB_CHUNK_RETAIN:\n\tLength: 8\n\tStore ID: 1\n"))
        #expect(newer.errors.hasPrefix("Warning: Unsupported chunk \"9\""))
        let empty = try run(file(""))
        #expect(empty.status == 0 && empty.errors == "Warning: Persistence file is empty.\n")
    }

    @Test("a command line that cannot be followed ends with the usage")
    func commandLine() throws {
        for words in [[], ["--stats"], ["--stats", "--json", "f"], ["f", "g"]] {
            let outcome = try ToolProgram.dump.run(words)
            #expect(outcome.status == 1, "\(words)")
            #expect(outcome.errors == DumpOption.usageLine + "\n", "\(words)")
        }
        let help = try run("--help")
        #expect(help.status == 0)
        for name in DumpOption.program.options.flatMap(\.names) {
            #expect(help.output.contains(" \(name)"), "\(name)")
        }
    }
}
