// SPDX-License-Identifier: Apache-2.0
// Reading files: what is in them, what is wrong with them.

import Glibc
import Persist
import TestSupport
import Testing

@Suite("Reading mosquitto.db")
struct DatabaseReaderTests {
    @Test("Each version is read", arguments: DatabaseExample.all)
    func versions(_ example: DatabaseExample) {
        let reading = DatabaseReading(example.bytes)
        #expect(reading.error == nil)
        #expect(reading.collected.version == example.version)
        #expect(reading.records == example.records)
    }

    @Test("Small buffers and short reads change nothing", arguments: DatabaseExample.all)
    func smallSteps(_ example: DatabaseExample) {
        for size in [1, 2, 3, 7, 8, 31, 64] {
            for step in [1, 2, 5, Int.max] {
                let reading = DatabaseReading(
                    example.bytes,
                    bufferByteCount: size,
                    stepMax: step
                )
                #expect(reading.error == nil && reading.records == example.records)
            }
        }
    }

    @Test("Each truncation is read up to there or refused", arguments: DatabaseExample.all)
    func truncations(_ example: DatabaseExample) {
        for count in 0..<example.bytes.count {
            let reading = DatabaseReading(Bytes(example.bytes[..<count]), bufferByteCount: 16)
            let known = reading.records.filter { $0 != .notice(.emptyFile) }
            #expect(example.records.starts(with: known), "\(count)")
            if let error = reading.error {
                #expect(error.reason == .endsEarly && error.offset <= count, "\(count): \(error)")
            } else {
                #expect(count == 0 || count >= 23, "\(count)")
            }
        }
    }

    @Test("A byte that is another one never traps", arguments: DatabaseExample.all)
    func flips(_ example: DatabaseExample) {
        for place in example.bytes.indices {
            for mask: UInt8 in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF] {
                var bytes = example.bytes
                bytes[place] ^= mask
                let reading = DatabaseReading(bytes, bufferByteCount: 64)
                // At most one record for eight bytes, whatever the lengths say.
                #expect(reading.records.count <= bytes.count / 6)
                if let error = reading.error { #expect(error.offset <= UInt64(bytes.count)) }
            }
        }
    }

    struct Refusal: CustomStringConvertible {
        let bytes: Bytes
        let line: String
        let place: String

        init(_ text: String, _ line: String, _ place: String) {
            bytes = hex(text)
            self.line = line
            self.place = place
        }

        /// A file of version 6 with one chunk.
        init(chunk: String, _ line: String, _ place: String) {
            bytes = DatabaseExample.head(6) + hex(chunk)
            self.line = line
            self.place = place
        }

        var description: String { hexText(bytes) }

        static let magic = "00b500 6d6f7371756974746f206462"
        static let all = [
            Refusal("00", "Error: Unexpected end of file.", "byte 1"),
            Refusal("00b500 6d6f7371756974746f2064", "Error: Unexpected end of file.", "byte 14"),
            Refusal(magic, "Error: Unexpected end of file.", "byte 15"),
            Refusal(magic + "00000000 000000", "Error: Unexpected end of file.", "byte 22"),
            Refusal(
                "00b500 6d6f7371756974746f206463 00000000 00000006",
                "Error: Unable to restore persistent database. Unrecognised file format.",
                "byte 0"
            ),
            Refusal(
                magic + "00000000 00000007",
                "Error: Unsupported persistent database format version 7 (need version 6).",
                "byte 0"
            ),
            Refusal(
                magic + "00000000 00000001",
                "Error: Unsupported persistent database format version 1 (need version 6).",
                "byte 0"
            ),
            Refusal(
                magic + "00000000 ffffffff",
                "Error: Unsupported persistent database format version 4294967295 (need version 6).",
                "byte 0"
            ),
            Refusal(
                chunk: "00000001 00000010 0000000000000000 01 04 000000000000",
                "Error: Incompatible database configuration (dbid size is 4 bytes, expected 8)",
                "configuration at byte 23"
            ),
            Refusal(
                magic + "00000000 00000003 0001 0000000a 01 04 0000000000000000",
                "Error: Incompatible database configuration (dbid size is 4 bytes, expected 8)",
                "configuration at byte 23"
            ),
        ]
    }

    @Test("A file that is none is refused in the original's words", arguments: Refusal.all)
    func refusals(_ refusal: Refusal) throws {
        let error = try #require(DatabaseReading(refusal.bytes).error)
        #expect(error.logLine == refusal.line)
        #expect(error.description.contains(refusal.place + ":"))
    }

    /// Chunks of version 6 that cannot be, and what is said of them.
    static let wrongChunks: [(String, DatabaseReadError.Reason)] = [
        ("00000001 0000000f 0000000000000000 01 08 0000000000", .wrongLength),
        ("00000004 00000009 0000000000000000 00", .wrongLength),
        ("00000003 00000010 0000000000000000 0001 0001 01 0b 00 01", .wrongLength),
        ("00000003 00000011 0000000000000000 0001 0001 03 0b 00 01 61", .invalidValue("QoS")),
        ("00000003 00000011 0000000000000000 0001 0001 01 0c 00 01 61", .invalidValue("state")),
        ("00000003 00000011 0000000000000000 0001 0001 01 00 00 01 61", .invalidValue("state")),
        (
            "00000003 00000011 0000000000000000 0001 0001 01 0b 00 02 61",
            .invalidValue("direction")
        ),
        (
            "00000003 00000013 0000000000000000 0001 0001 01 0b 00 01 61 01 0b",
            .malformedProperties
        ),
        ("00000003 00000013 0000000000000000 0001 0001 01 0b 00 01 61 00 00", .wrongLength),
        ("00000005 0000000e 00000000 0001 0001 00 40 0000 61 62", .invalidValue("options")),
        ("00000005 0000000e 00000000 0001 0001 00 30 0000 61 62", .invalidValue("options")),
        ("00000005 0000000e 00000000 0001 0001 03 00 0000 61 62", .invalidValue("QoS")),
        (
            "00000005 0000000e 10000000 0001 0001 00 00 0000 61 62",
            .invalidValue("subscription identifier")
        ),
        ("00000005 0000000f 00000000 0001 0001 00 00 0000 61 62 00", .wrongLength),
        (
            "00000006 00000018 0000000000000000 00000000 0000 0001 0000 0000 00000000",
            .wrongLength
        ),
        ("00000006 00000017 0000000000000000 00000000 0000 0000 0000 0000 000000", .wrongLength),
        (
            "00000002 00000020 0000000000000000 0000000000000000 10000000 0000 0000 0000 0001 0000 00 00",
            .tooLong
        ),
        (
            "00000002 00000020 0000000000000000 0000000000000000 00000000 0000 0000 0000 0001 0000 00 00",
            .wrongLength
        ),
        ("00000002 ffffffff 0000000000000000", .tooLong),
        ("00000002 1fffffff 0000000000000000", .endsEarly),
    ]

    @Test("A chunk that cannot be is refused with its place", arguments: wrongChunks.indices)
    func wrongChunk(_ index: Int) {
        let (text, reason) = Self.wrongChunks[index]
        let good = "00000004 00000008 0100000000000000"
        let reading = DatabaseReading(DatabaseExample.head(6) + hex(good) + hex(text))
        #expect(reading.records == [.retained(1)])
        #expect(reading.error?.reason == reason)
        #expect(reading.error?.offset == 39)
    }

    /// Chunks of version 6 that are passed over.
    static let strangeChunks: [(String, DatabaseNotice)] = [
        ("00000009 00000003 aabbcc", .unsupportedChunk(9)),
        ("ffffffff 00000000", .unsupportedChunk(.max)),
        (
            "00000006 00000018 0000000000000000 00000000 0000 0000 0000 0000 00000000", .emptyClient
        ),
        (
            "00000006 00000019 0000000000000000 00000000 0000 0001 0000 0000 00000000 ff",
            .invalidText(.client, offset: 23)
        ),
        (
            "00000005 0000000e 00000000 0001 0001 00 00 0000 ff 62",
            .invalidText(.subscription, offset: 23)
        ),
        (
            "00000005 0000000f 00000000 0001 0002 00 00 0000 61 6123",
            .invalidText(.subscription, offset: 23)
        ),
        (
            "00000005 00000014 00000000 0001 0007 00 00 0000 61 2473686172652f",
            .invalidText(.subscription, offset: 23)
        ),
        (
            "00000003 00000010 0000000000000000 0001 0000 01 0b 00 01",
            .invalidText(.delivery, offset: 23)
        ),
        (
            "00000002 00000020 0000000000000000 0000000000000000 00000000 0000 0000 0000 0000 0000 00 00",
            .invalidText(.message, offset: 23)
        ),
        (
            "00000002 00000021 0000000000000000 0000000000000000 00000000 0000 0000 0000 0001 0000 00 00 2b",
            .invalidText(.message, offset: 23)
        ),
    ]

    @Test("A chunk that means nothing is passed over", arguments: strangeChunks.indices)
    func passedOver(_ index: Int) {
        let (text, notice) = Self.strangeChunks[index]
        let good = "00000004 00000008 0100000000000000"
        let reading = DatabaseReading(
            DatabaseExample.head(6) + hex(text) + hex(good),
            bufferByteCount: 8
        )
        #expect(reading.error == nil)
        #expect(reading.records == [.notice(notice), .retained(1)])
    }

    @Test("Warnings have the original's words")
    func warnings() {
        #expect(DatabaseReading([]).records == [.notice(.emptyFile)])
        #expect(DatabaseNotice.emptyFile.logLine == "Warning: Persistence file is empty.")
        #expect(
            DatabaseNotice.unsupportedChunk(9).logLine
                == "Warning: Unsupported chunk \"9\" in persistent database file. Ignoring."
        )
        var counts = RestoredCounts()
        counts.messages = 1
        counts.deliveries = 5
        #expect(counts.logLines.first == "Restored 1 base messages")
        #expect(counts.logLines.last == "Restored 5 client messages")
    }

    @Test("A user name that cannot be one is none, and the session stays")
    func strangeNames() {
        // As version 2.0.11 of the original writes it after a session of "usr".
        let chunk = "00000006 0000001e 0000000000000000 ffffffff 0000 0001 0000 0005 00000000 61"
        let reading = DatabaseReading(DatabaseExample.head(6) + hex(chunk) + hex("757372007f"))
        #expect(reading.error == nil)
        #expect(reading.records == [.client(DatabaseClient(clientIdentifier: "a"))])
    }

    @Test("Properties that belong to one delivery are left out")
    func foreignProperties() {
        // Message expiry 1, content type "t", topic alias 2.
        let list = hex("02 00000001 03 0001 74 23 0002")
        let chunk =
            hex("00000002 0000002e") + Bytes(repeating: 0, count: 26)
            + hex("0001 0000 00 00 61") + [UInt8(list.count)] + list
        let reading = DatabaseReading(DatabaseExample.head(6) + chunk)
        #expect(reading.error == nil)
        #expect(
            reading.records == [
                .message(
                    DatabaseMessage(number: 0, qos: 0),
                    topic: utf8("a"),
                    properties: hex("03 0001 74"),
                    payload: []
                )
            ]
        )
    }

    @Test("A length that is not there costs no memory")
    func announcedLengths() {
        for text in ["00000002 1fffffff", "00000002 10000020", "0000000a ffffffff"] {
            let source = DatabaseBytes(
                DatabaseExample.head(6) + hex(text) + Bytes(repeating: 0, count: 1000)
            )
            _ = DatabaseReading(source, bufferByteCount: 256)
            #expect(source.roomMax <= 1024)
        }
        let older = DatabaseBytes(DatabaseExample.head(4) + hex("0003 00000000 ffff 61"))
        let reading = DatabaseReading(older, bufferByteCount: 256)
        #expect(reading.error?.reason == .endsEarly && older.roomMax <= 512)
    }

    @Test("A failing disk is told with its place")
    func readErrors() {
        let bytes = DatabaseExample.version6.bytes
        for count in 0..<bytes.count {
            let source = DatabaseBytes(Bytes(bytes[..<count]), failure: EIO)
            let reading = DatabaseReading(source, bufferByteCount: 32)
            #expect(reading.error?.reason == .readFailed(EIO))
            #expect(reading.error?.logLine == "Error: Input/output error.")
            #expect(DatabaseExample.version6.records.starts(with: reading.records))
        }
    }

    @Test("A message is void when its last second is over, or if it would live too long")
    func expiry() {
        func isExpired(_ time: Int64, _ now: Int64) -> Bool {
            DatabaseMessage(number: 1, expiryTime: time, qos: 0).isExpired(at: now)
        }
        #expect(!isExpired(0, .max) && !isExpired(101, 100))
        #expect(!isExpired(100, 100) && isExpired(99, 100))
        #expect(!isExpired(0xFFFF_FFFF + 100, 100) && isExpired(0x1_0000_0000 + 100, 100))
        #expect(isExpired(.min, 1) && isExpired(.max, -1) && isExpired(.max, 0))
    }
}
