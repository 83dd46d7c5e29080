// SPDX-License-Identifier: Apache-2.0
// Replacing the timestamp of a payload, against an encoder that shares nothing with the reader.

import TestSupport
import Testing

@testable import SparkplugAware

@Suite("Timestamps of Sparkplug payloads")
struct SparkplugPayloadTests {
    /// A field of a payload, as the encoder writes it.
    private enum Field {
        case timestamp(UInt64)
        case other(Bytes)

        func encoded(timestamp: UInt64?) -> Bytes {
            switch self {
            case .timestamp(let own):
                [0x08] + SparkplugPayloadTests.varint(timestamp ?? own)
            case .other(let bytes): bytes
            }
        }
    }

    private static func varint(_ value: UInt64) -> Bytes {
        value < 128
            ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
    }

    private static func replaced(_ payload: Bytes, _ timestamp: UInt64) -> Bytes? {
        SparkplugPayload.replacingTimestamp(of: payload.span, by: timestamp)
    }

    /// An NDEATH of Sparkplug 3.0: a timestamp and the metric bdSeq, which has one too.
    private static func death(_ timestamp: UInt64) -> Bytes {
        let metric =
            hex("0A 05 6264536571 18") + varint(1_700_000_000_000) + hex("20 08 58 07")
        return [0x08] + varint(timestamp) + [0x12, UInt8(metric.count)] + metric
    }

    @Test(
        "The payload's timestamp is replaced, that of its metric is not",
        arguments: [0, 1, 127, 128, 1_700_000_000_001, UInt64.max]
    )
    func death(timestamp: UInt64) {
        let new: UInt64 = 1_764_500_000_123
        #expect(Self.replaced(Self.death(timestamp), new) == Self.death(new))
        #expect(Self.replaced(Self.death(new), timestamp) == Self.death(timestamp))
    }

    @Test(
        "Where there is no timestamp, or no whole message, nothing is replaced",
        arguments: [
            "", "12 00", "18 05", "0A 01 05", "09 0000000000000000", "0D 00000000",
            // Cut short.
            "08", "08 80", "08 05 12", "08 05 12 01", "08 05 09 00", "08 05 0D 00", "08 05 80",
            // Lengths beyond the end, up to the largest.
            "08 05 12 02 00", "08 05 12 FFFFFFFFFFFFFFFFFF01", "08 05 12 FFFFFFFFFFFFFFFF7F",
            // Field 0, wire types that do not exist, groups, a key beyond 32 bits.
            "08 05 00 00", "08 05 06", "08 05 07", "08 05 0B 0C", "08 05 0C", "08 05 8880808010 00",
            // A varint of 11 bytes.
            "08 8080808080808080808001", "08 05 18 8080808080808080808001",
            // Text.
            "46 49 58",
        ]
    )
    func nothing(text: String) {
        #expect(Self.replaced(hex(text), 1) == nil)
    }

    @Test(
        "A long form of a timestamp becomes the shortest of the new one; of several all are replaced"
    )
    func forms() {
        #expect(Self.replaced(hex("08 80808080808080808001"), 5) == hex("08 05"))
        #expect(Self.replaced(hex("08 8000 18 00 08 07"), 300) == hex("08 AC02 18 00 08 AC02"))
        // A key may be written longer than it needs to be.
        #expect(Self.replaced(hex("8800 01"), 2) == hex("8800 02"))
        // The highest field number.
        #expect(Self.replaced(hex("F8FFFFFF0F 01 08 01"), 2) == hex("F8FFFFFF0F 01 08 02"))
    }

    private static func randomField(_ random: inout SplitMix64) -> Field {
        let number =
            UInt64.random(in: 2...(1 << 29 - 1), using: &random)
            >> UInt64.random(
                in: 0...27,
                using: &random
            )
        let key = max(2, number) << 3
        let count = Int.random(in: 0...200, using: &random)
        let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        let value = UInt64.random(in: 0...UInt64.max, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return .timestamp(value >> UInt64.random(in: 0...63, using: &random))
        case 1: return .other(varint(key) + varint(value))
        case 2: return .other(varint(key | 1) + Bytes(repeating: 8, count: 8))
        case 3: return .other(varint(key | 5) + Bytes(repeating: 8, count: 4))
        default: return .other(varint(key | 2) + varint(UInt64(count)) + bytes)
        }
    }

    @Test("Random messages keep all but their timestamps, and cut short they are left alone")
    func randomMessages() {
        var random = SplitMix64(seed: 7)
        for round in 0..<300 {
            let count = Int.random(in: 0...6, using: &random)
            let fields = (0..<count).map { _ in Self.randomField(&random) }
            let new = UInt64.random(in: 0...UInt64.max, using: &random)
            var payload: Bytes = []
            var expected: Bytes = []
            var ends: [Int: Bytes?] = [0: nil]
            var hasTimestamp = false
            for field in fields {
                payload += field.encoded(timestamp: nil)
                expected += field.encoded(timestamp: new)
                if case .timestamp = field { hasTimestamp = true }
                ends[payload.count] = .some(hasTimestamp ? expected : nil)
            }
            for length in 0...payload.count {
                let result = Self.replaced(Bytes(payload.prefix(length)), new)
                #expect(result == (ends[length] ?? nil), "round \(round), \(length) bytes")
            }
        }
    }

    @Test("Random bytes are left alone, or differ in nothing but timestamps")
    func randomBytes() {
        var random = SplitMix64(seed: 8)
        var replacedCount = 0
        for _ in 0..<20_000 {
            var payload = Self.death(1_700_000_000_000)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: payload.indices, using: &random)
                payload[place] = UInt8.random(in: 0...255, using: &random)
            }
            guard let once = Self.replaced(payload, 1_764_500_000_123) else { continue }
            replacedCount += 1
            #expect(Self.replaced(once, 1_764_500_000_123) == once)
            #expect(Self.replaced(once, 1) == Self.replaced(payload, 1))
        }
        #expect(replacedCount > 1000)
    }
}
