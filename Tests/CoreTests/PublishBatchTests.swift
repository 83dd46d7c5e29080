// SPDX-License-Identifier: Apache-2.0
// What a batch takes as bytes is what the packets say.

import MQTT
import Testing
import Topics

import struct TestSupport.SplitMix64

@testable import Core

@Suite("PublishBatch")
struct PublishBatchTests {
    /// A PUBLISH with what is known of it.
    private struct Sent {
        var topic: String
        var qos: UInt8
        var identifier: UInt16
        var payload: [UInt8]
        var bytes: [UInt8]
    }

    private static func packet(_ generator: inout SplitMix64, isV5: Bool) -> Sent {
        // Mostly alike, so that stretches come about.
        let isOdd = generator.next(below: 8) == 0
        let topic = isOdd && generator.next(below: 2) == 0 ? "t/2" : "t/1"
        let qos: UInt8 = isOdd && generator.next(below: 3) == 0 ? 0 : 1
        let identifier = UInt16(1 + generator.next(below: 0xFFFF))
        let payload = (0..<generator.next(below: 300)).map { _ in UInt8(generator.next(below: 256))
        }
        var bytes = Wire.publish(
            topic,
            payload,
            qos: qos,
            identifier: identifier,
            version: isV5 ? 5 : 4
        )
        if isOdd, generator.next(below: 4) == 0 { bytes[0] |= 1 }
        return Sent(
            topic: topic,
            qos: qos,
            identifier: qos == 0 ? 0 : identifier,
            payload: payload,
            bytes: bytes
        )
    }

    @Test(
        "Coalesced packets are alike, whole, and in order, whatever comes between and wherever it ends",
        arguments: [UInt64(1), 2, 3, 4],
        [false, true]
    )
    func coalesce(seed: UInt64, isV5: Bool) {
        var generator = SplitMix64(seed: seed)
        let batch = PublishBatch()
        for _ in 0..<300 {
            let sent = (0..<20).map { _ in Self.packet(&generator, isV5: isV5) }
            var bytes = sent.flatMap(\.bytes)
            bytes.removeLast(generator.next(below: sent[19].bytes.count))
            bytes.withUnsafeBytes { bytes in
                check(batch, sent, UnsafeRawBufferPointer(bytes), isV5: isV5, seed)
            }
        }
    }

    /// Begins with the first packet as a client does, and lets the batch take what it will.
    private func check(
        _ batch: PublishBatch,
        _ sent: [Sent],
        _ bytes: UnsafeRawBufferPointer,
        isV5: Bool,
        _ seed: UInt64
    ) {
        let first = sent[0]
        guard first.bytes[0] & 1 == 0 else { return }
        Array(first.topic.utf8).withUnsafeBytes { topic in
            batch.begin(
                .publish,
                topic: topic,
                publisher: SessionHandle(rawValue: 1),
                origin: nil,
                qos: first.qos,
                isRetained: false
            )
        }
        let packet = UnsafeRawBufferPointer(rebasing: bytes[..<first.bytes.count])
        batch.append(
            payload: UnsafeRawBufferPointer(rebasing: packet.suffix(first.payload.count)),
            properties: UnsafeRawBufferPointer(start: nil, count: 0),
            expiresAt: 0,
            packetIdentifier: first.identifier,
            packet: packet,
            isV5: isV5
        )
        let rest = UnsafeRawBufferPointer(rebasing: bytes[first.bytes.count...])
        let taken = batch.coalesce(rest, payloadMax: .max, packetMax: .max)
        let alike = sent.dropFirst().prefix {
            $0.topic == first.topic && $0.bytes[0] == first.bytes[0]
        }
        // The last packet may be cut short.
        var whole = alike.map(\.bytes.count)
        if alike.count == 19, whole.reduce(0, +) > rest.count { whole.removeLast() }
        #expect(taken == whole.reduce(0, +), "seed \(seed)")
        #expect(batch.count == whole.count + 1, "seed \(seed)")
        for (index, packet) in sent.prefix(batch.count).enumerated() {
            let entry = batch[index]
            let payload = UnsafeRawBufferPointer(start: entry.payload, count: entry.payloadCount)
            #expect(payload.elementsEqual(packet.payload), "seed \(seed)")
            #expect(entry.packetIdentifier == packet.identifier, "seed \(seed)")
        }
        let wire = batch.wire?.bytes
        #expect(wire?.elementsEqual(bytes[..<(first.bytes.count + taken)]) == true, "seed \(seed)")
        checkVariants(batch, sent, isV5: isV5, seed)
        batch.reset()
    }

    /// All forms in which the batch goes out have the payloads, one after the other.
    private func checkVariants(
        _ batch: PublishBatch,
        _ sent: [Sent],
        isV5: Bool,
        _ seed: UInt64
    ) {
        for (goesV5, qos) in [(false, UInt8(0)), (true, 0), (isV5, batch.qos)] {
            let variant = batch.variant(isV5: goesV5, qos: qos, now: 0)
            let expected = sent.prefix(batch.count).flatMap { packet in
                Wire.publish(
                    packet.topic,
                    packet.payload,
                    qos: qos,
                    identifier: 0,
                    version: goesV5 ? 5 : 4
                )
            }
            var bytes = Array(variant.bytes)
            if qos > 0 {
                #expect(variant.identifierOffsets.count == batch.count, "seed \(seed)")
                for offset in variant.identifierOffsets {
                    bytes[Int(offset)] = 0
                    bytes[Int(offset) + 1] = 0
                }
            }
            #expect(bytes == expected, "seed \(seed), 5.0 \(goesV5), QoS \(qos)")
        }
    }
}
