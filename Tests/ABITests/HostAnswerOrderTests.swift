// SPDX-License-Identifier: Apache-2.0
// The order of acknowledgements where plugins refuse some messages.

import TestSupport
import Testing

@Suite struct HostAnswerOrderTests {
    // [MQTT-4.6.0-2]
    @Test("A refusal comes behind the answers to what came before", arguments: [1, 2, 4])
    func refusal(workers: Int) throws {
        let plugin = try #require(HostPlugin.recorders[5]).get()
        let broker = try Broker(HostRecorderTests.config(plugin), workers: workers)
        let client = try RawClient.connected(
            to: broker,
            "c",
            .v5,
            username: "user",
            password: "secret"
        )
        for _ in 0..<10 {
            var flow: Bytes = []
            for id in 1...60 {
                let topic = id % 20 == 15 ? "denied/x" : "a/b"
                flow += Wire.publish(.v5, topic, "m", qos: 1, id: id)
            }
            client.send(flow)
            for id in 1...60 {
                try client.expect(Wire.puback(id, id % 20 == 15 ? 0x87 : 0x10))
            }
        }
    }
}
