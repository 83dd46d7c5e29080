// SPDX-License-Identifier: Apache-2.0
// What a remote may make the broker keep, and what it may ask it for.

import Foundation
import TestSupport
import Testing

@Suite("Limits of bridges", .enabled(if: isOwn))
struct BridgeLimits {
    @Test(
        "A remote that fills the memory is left, and nothing of it is half received",
        arguments: [1, 2]
    )
    func memory(qos: Int) throws {
        let scene = try BridgeScene("topic # in 2", head: "memory_limit 20000000", workers: 1)
        let connection = try scene.open(requests: 1)
        let payload = Bytes(repeating: 0x61, count: 1_000_000)
        for index in 1...40 {
            let topic = "r\(index)"
            connection.send(
                Wire.publish(.v4, topic, bytes: payload, qos: UInt8(qos), id: index, retain: true)
            )
            if qos == 2 { connection.send(Wire.pubrel(index)) }
        }
        try scene.broker.waitForLog(containing: "disconnected: out of memory", seconds: 20)
        // The session goes on over the next connection.
        _ = try scene.remote.accept(seconds: 10)
    }

    @Test("Messages that are too large are acknowledged in their turn")
    func tooLarge() throws {
        let scene = try BridgeScene("topic # in 1", head: "message_size_limit 100", workers: 1)
        let connection = try scene.open(requests: 1)
        var flow: Bytes = []
        for id in 1...20 {
            let payload = Bytes(repeating: 0x61, count: id == 15 ? 101 : 3)
            flow += Wire.publish(.v4, "t", bytes: payload, qos: 1, id: id)
        }
        connection.send(flow)
        for id in 1...20 { try connection.expect(Wire.puback(id)) }
    }

    @Test(
        "Requests to the broker come through a bridge, whatever the access rules are",
        arguments: reactors
    )
    func control(workers: Int) throws {
        let answers = "$CONTROL/broker/v1/response"
        let scene = try BridgeScene(
            "topic $CONTROL/broker/v1 in 1\ntopic \(answers) out 1",
            head: "enable_control_api true\nacl_file %DIR%/rules",
            workers: workers,
            files: ["rules": "topic write nothing\n"]
        )
        let connection = try scene.open(requests: 2)
        let request = #"{"commands":[{"command":"listBridges"}]}"#
        connection.send(Wire.publish(.v4, "$CONTROL/broker/v1", request, qos: 1, id: 1))
        var answer: Bytes = []
        for _ in 0..<2 {
            let packet = try connection.readPacket(seconds: 10)
            if packet[0] >> 4 == 3 { answer = packet } else { #expect(packet == Wire.puback(1)) }
        }
        let text = String(decoding: answer, as: UTF8.self)
        #expect(text.contains(#""name":"b","state":"connected""#), "\(text)")
    }
}
