// SPDX-License-Identifier: Apache-2.0
// Remotes that say anything.

import Foundation
import TestSupport
import Testing

@Suite("Bridges and hostile remotes")
struct BridgeHostile {
    /// Packets that a server sends, some of them broken.
    private struct Babbler {
        var generator: SplitMix64
        let version: Version

        mutating func packet() -> Bytes {
            let id = [0, 1, 2, 3, 32_769, 32_770, 65_535].randomElement(using: &generator) ?? 0
            let topics = ["a/x", "r/x", "r/", "", "#", "$SYS/x", "$CONTROL/broker/v1", "l/x"]
            let topic = topics.randomElement(using: &generator) ?? ""
            let qos = UInt8.random(in: 0...2, using: &generator)
            let reasons: Bytes = [0, 0, 0x10, 0x80, 0x97]
            let reason = reasons.randomElement(using: &generator) ?? 0
            let shown: UInt8 = version == .v5 ? reason : 0
            switch Int.random(in: 0..<14, using: &generator) {
            case 0...4:
                return Wire.publish(
                    version,
                    topic,
                    String(repeating: "x", count: Int.random(in: 0..<200, using: &generator)),
                    qos: qos,
                    id: id,
                    retain: Bool.random(using: &generator),
                    dup: qos > 0 && Bool.random(using: &generator)
                )
            case 5: return Wire.puback(id, shown)
            case 6: return Wire.pubrec(id, shown)
            case 7, 8: return Wire.pubrel(id)
            case 9: return Wire.pubcomp(id)
            case 10: return Wire.suback(version, id: id, [reason])
            case 11: return Wire.unsuback(version, id: id)
            case 12: return Wire.pingresp
            default:
                var broken = packet()
                let index = Int.random(in: 0..<broken.count, using: &generator)
                broken[index] = UInt8.random(in: 0...255, using: &generator)
                return broken
            }
        }
    }

    @Test(
        "Whatever a remote says, the broker goes on, and so does the bridge",
        arguments: Version.allCases,
        reactors
    )
    func babble(version: Version, workers: Int) throws {
        let lines =
            "topic # both 2 l/ r/\ntopic a/# both 1\nbridge_protocol_version "
            + [Version.v3: "mqttv31", .v4: "mqttv311", .v5: "mqttv50"][version, default: ""]
        let scene = try BridgeScene(lines, head: "enable_control_api true\n", workers: workers)
        let client = try scene.client()
        for seed in UInt64(1)...5 {
            var babbler = Babbler(generator: SplitMix64(seed: seed), version: version)
            let connection = try scene.remote.accept()
            _ = try connection.readPacket()
            connection.send(BridgeScene.connack(version, isPresent: seed.isMultiple(of: 2)))
            try client.publish1("l/\(seed)", "m", id: Int(seed))
            for _ in 0..<50 {
                connection.send(babbler.packet() + babbler.packet())
                _ = connection.nextPacket(seconds: 0.001)
            }
            connection.abort()
        }
        client.publish("l/x", "m")
        try client.expectSilence()
        let last = try scene.open(version, requests: 0)
        _ = try last.grant(2)
        try scene.broker.stop()
    }
}
