// SPDX-License-Identifier: Apache-2.0
// What the client tools send, byte for byte.

import TestSupport
import Testing

@Suite("What the client tools send")
struct PacketTests {
    private static let connects: [(String, String, String)] = [
        ("pub", "-t a -m b", "10 0c 0004 4d515454 04 02 003c 0000"),
        ("pub", "-t a -m b -V 31 -i x", "10 0f 0006 4d5149736470 03 02 003c 0001 78"),
        ("pub", "-t a -m b -V 5", "10 10 0004 4d515454 05 02 003c 03 210014 0000"),
        ("sub", "-t a -V 5 -C 3", "10 10 0004 4d515454 05 02 003c 03 210003 0000"),
        ("rr", "-t a -m b -e c", "10 10 0004 4d515454 05 02 003c 03 210001 0000"),
        ("pub", "-t a -m b -k 5 -i x -c", "10 0d 0004 4d515454 04 00 0005 0001 78"),
        (
            "pub", "-t a -m b -V 5 -c -i x",
            "10 16 0004 4d515454 05 00 003c 08 11ffffffff 210014 0001 78"
        ),
        (
            "pub", "-t a -m b -u me -P pw -i x",
            "10 15 0004 4d515454 04 c2 003c 0001 78 0002 6d65 0002 7077"
        ),
        (
            "pub", "-t a -m b -i x --will-topic w --will-payload p --will-qos 2 --will-retain",
            "10 13 0004 4d515454 04 36 003c 0001 78 0001 77 0001 70"
        ),
        (
            "pub", "-t a -m b -i x --will-topic w -D will will-delay-interval 5",
            "10 1c 0004 4d515454 05 06 003c 03 210014 0001 78 05 1800000005 0001 77 0000"
        ),
        (
            "pub", "-t a -m b -i x -D connect receive-maximum 9 -P p",
            "10 14 0004 4d515454 05 42 003c 03 210009 0001 78 0001 70"
        ),
    ]

    @Test("CONNECT", arguments: connects)
    func connect(_ tool: String, _ line: String, _ expected: String) throws {
        let run = try ScriptedRun(tool, line)
        let client = try run.remote.accept()
        #expect(try client.readPacket() == hex(expected.filter { $0 != " " }))
        client.abort()
        #expect(try run.end().status != 0)
    }

    private static let publishes: [(String, Version, String)] = [
        ("-t a -m b", .v4, "30 04 0001 61 62"), ("-t a -n -r", .v4, "31 03 0001 61"),
        ("-t a -m b -q 1", .v4, "32 06 0001 61 0001 62"),
        ("-t a -m b -V 5", .v5, "30 05 0001 61 00 62"),
        ("-t a -m b -q 2 -r -V 5", .v5, "35 07 0001 61 0001 00 62"),
        (
            "-t a -m b -D publish content-type c -D publish user-property k v", .v5,
            "30 10 0001 61 0b 030001 63 260001 6b 0001 76 62"
        ),
        ("-t '' -m b -D publish topic-alias 3", .v5, "30 07 0000 03 230003 62"),
    ]

    @Test("PUBLISH", arguments: publishes)
    func publish(_ line: String, _ version: Version, _ expected: String) throws {
        let run = try ScriptedRun("pub", line)
        let client = try run.accept(version)
        client.send(Wire.connack(version))
        #expect(try client.readPacket() == hex(expected.filter { $0 != " " }))
        client.abort()
        _ = try run.end()
    }

    private static let requests: [(String, Version, [String])] = [
        ("-t a -t b -q 1", .v4, ["82 0a 0001 0001 61 01 0001 62 01"]),
        ("-t a -V 5 -R -q 2", .v5, ["82 07 0001 00 0001 61 22"]),
        (
            "-t a --retain-as-published -D subscribe subscription-identifier 9", .v5,
            ["82 09 0001 02 0b09 0001 61 08"]
        ),
        ("-U a -U b", .v4, ["a2 05 0001 0001 61", "a2 05 0002 0001 62"]),
    ]

    @Test("SUBSCRIBE and UNSUBSCRIBE", arguments: requests)
    func request(_ line: String, _ version: Version, _ expected: [String]) throws {
        let run = try ScriptedRun("sub", line)
        let client = try run.accept(version)
        client.send(Wire.connack(version))
        for packet in expected {
            #expect(try client.readPacket() == hex(packet.filter { $0 != " " }))
        }
        run.process.signal(15)
        #expect(try client.readPacket() == (version == .v5 ? [0xE0, 1, 4] : [0xE0, 0]))
        #expect(try run.end().status == 0)
    }

    @Test("-D disconnect, and DISCONNECT at the end")
    func disconnect() throws {
        let run = try ScriptedRun("pub", "-t a -m b -D disconnect reason-string r")
        let client = try run.accept(.v5)
        client.send(Wire.connack(.v5))
        _ = try client.readPacket()
        #expect(try client.readPacket() == [0xE0, 6, 0, 4, 0x1F, 0, 1, 0x72])
        #expect(try run.end().status == 0)
    }
}
