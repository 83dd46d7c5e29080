// SPDX-License-Identifier: Apache-2.0
// Versions 2 to 4: what differs between them, and what is wrong with a file.

import Inflight
import Persist
import TestSupport
import Testing

@Suite("Reading mosquitto.db of versions 2 to 4")
struct DatabaseOlderTests {
    private static let good = "0004 00000008 0100000000000000"

    /// Chunks of all three versions that cannot be, and what is said of them.
    static let wrongChunks: [(String, DatabaseReadError.Reason)] = [
        ("0001 0000000a 01 04 0000000000000000", .incompatibleNumberSize(4)),
        ("0001 0000000a 01 08 00000000000000", .endsEarly),
        ("0003 00000011 0001 61 0100000000000000 0001 03 00 01 0b 00", .invalidValue("QoS")),
        ("0003 00000011 0001 61 0100000000000000 0001 01 00 01 0c 00", .invalidValue("state")),
        ("0003 00000011 0001 61 0100000000000000 0001 01 00 01 00 00", .invalidValue("state")),
        ("0003 00000011 0001 61 0100000000000000 0001 01 00 02 0b 00", .invalidValue("direction")),
        ("0003 00000011 ffff 61 0100000000000000 0001 01 00 01 0b 00", .endsEarly),
        ("0004 00000008 01000000000000", .endsEarly),
        ("0005 00000007 0001 61 0001 62 03", .invalidValue("QoS")),
        ("0005 00000007 0001 61 0002 62 00", .endsEarly),
        ("0006 00000005 0001", .endsEarly),
    ]

    @Test(
        "A chunk that cannot be is refused with its place",
        arguments: 2...4 as ClosedRange<UInt8>
    )
    func wrongChunk(version: UInt8) {
        for (text, reason) in Self.wrongChunks {
            let bytes = DatabaseExample.head(version) + hex(Self.good) + hex(text)
            let reading = DatabaseReading(bytes, bufferByteCount: 16)
            #expect(reading.records == [.retained(1)], "\(text)")
            #expect(reading.error?.reason == reason, "\(text)")
            #expect(reading.error?.offset == 37, "\(text)")
        }
    }

    /// A message with what follows its topic.
    private static func message(_ version: UInt8, topic: String, _ rest: String) -> Bytes {
        let source = version == 4 ? "0001 70 0001 75 49c0" : "0001 70"
        return hex("0002 00000000 0700000000000000 \(source) 0005 0000 \(topic) \(rest)")
    }

    @Test("So is a message", arguments: 2...4 as ClosedRange<UInt8>)
    func wrongMessage(version: UInt8) {
        let wrong: [(String, DatabaseReadError.Reason)] = [
            ("03 00 00000000", .invalidValue("QoS")), ("01 00 10000000", .tooLong),
            ("01 00 ffffffff", .tooLong), ("01 00 0fffffff 61", .endsEarly),
        ]
        for (rest, reason) in wrong {
            let chunk = Self.message(version, topic: "0001 74", rest)
            let source = DatabaseBytes(DatabaseExample.head(version) + chunk)
            let reading = DatabaseReading(source, bufferByteCount: 64)
            #expect(reading.records.isEmpty && reading.error?.reason == reason, "\(rest)")
            #expect(reading.error?.offset == 23 && source.roomMax <= 256, "\(rest)")
        }
    }

    @Test("A chunk that means nothing is passed over", arguments: 2...4 as ClosedRange<UInt8>)
    func passedOver(version: UInt8) {
        let time = version == 2 ? "" : "0000000000000000"
        let strange: [(Bytes, DatabaseNotice)] = [
            (hex("0009 00000003 aabbcc"), .unsupportedChunk(9)),
            (hex("ffff 00000000"), .unsupportedChunk(0xFFFF)),
            (hex("0006 00000000 0000 0000" + time), .emptyClient),
            (hex("0006 00000000 0001 ff 0000" + time), .invalidText(.client, offset: 23)),
            (hex("0005 00000000 0001 ff 0001 62 00"), .invalidText(.subscription, offset: 23)),
            (hex("0005 00000000 0001 61 0002 6123 00"), .invalidText(.subscription, offset: 23)),
            (
                hex("0003 00000000 0000 0100000000000000 0001 01 00 01 0b 00"),
                .invalidText(.delivery, offset: 23)
            ),
            (
                Self.message(version, topic: "0000", "00 00 00000000"),
                .invalidText(.message, offset: 23)
            ),
            (
                Self.message(version, topic: "0001 2b", "00 00 00000000"),
                .invalidText(.message, offset: 23)
            ),
        ]
        for (chunk, notice) in strange {
            let bytes = DatabaseExample.head(version) + chunk + hex(Self.good)
            let reading = DatabaseReading(bytes, bufferByteCount: 8)
            #expect(reading.error == nil, "\(notice)")
            #expect(reading.records == [.notice(notice), .retained(1)], "\(notice)")
        }
    }

    @Test("A session never ends: no time of its end is in such a file")
    func lifetime() {
        for (version, time) in [(2, ""), (3, "ffffffffffffffff"), (4, "0000000000000001")] {
            let chunk = hex("0006 00000000 0001 61 ffff" + time)
            let reading = DatabaseReading(DatabaseExample.head(UInt8(version)) + chunk)
            let client = DatabaseClient(clientIdentifier: "a", lastIdentifier: 0xFFFF)
            #expect(reading.records == [.client(client)])
            #expect(client.expiryInterval == .max && client.expiryTime == 0)
        }
    }

    @Test("The body says where it ends; the length of its chunk need not be right")
    func lengths() {
        for length in ["00000000", "00000001", "ffffffff"] {
            let bytes =
                DatabaseExample.head(3) + hex("0004 \(length) 0100000000000000") + hex(Self.good)
            #expect(DatabaseReading(bytes).records == [.retained(1), .retained(1)])
        }
    }
}
