// SPDX-License-Identifier: Apache-2.0
// `memory_limit`: what needs memory fails once it is reached, for that client alone.

import TestSupport
import Testing

@Suite("Memory limit")
struct MemoryLimit {
    @Test("A client that fills the memory is disconnected, others go on", arguments: reactors)
    func limit(workers: Int) throws {
        let broker = try Broker("memory_limit 20000000\n" + Broker.plain, workers: workers)
        let neighbour = try RawClient.connected(to: broker, "neighbour")
        let client = try RawClient.connected(to: broker, "greedy", .v5)
        let payload = Bytes(repeating: 0x61, count: 1_000_000)
        for index in 0..<40 {
            client.send(Wire.publish(.v5, "r\(index)", bytes: payload, retain: true))
        }
        try client.expectClosed(after: hex("E0 01 80"))
        try neighbour.expectSilence()
    }
}
