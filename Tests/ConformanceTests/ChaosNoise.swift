// SPDX-License-Identifier: Apache-2.0
// Clients that begin everything and finish nothing.

import Foundation
import TestSupport

/// Dozens of short-lived clients at a time that do everything at once and finish nothing.
final class ChaosNoise: @unchecked Sendable {
    // `@unchecked Sendable`: used by its own thread alone.
    private let broker: Broker
    private var generator: Hostile.Generator

    init(_ broker: Broker, seed: UInt64) {
        self.broker = broker
        generator = Hostile.Generator(state: seed | 1)
    }

    func run(until end: Date) throws {
        var clients: [RawClient] = []
        while Date() < end {
            if clients.count < 60 {
                let client = try RawClient(broker)
                client.send(connect())
                clients.append(client)
            }
            let index = Int.random(in: 0..<clients.count, using: &generator)
            if act(clients[index]) { clients.remove(at: index) }
            if Int.random(in: 0..<4, using: &generator) == 0 {
                _ = clients.randomElement(using: &generator)?.nextPacket(seconds: 0.002)
            }
        }
    }

    private func connect() -> Bytes {
        let version: Version = Bool.random(using: &generator) ? .v4 : .v5
        let name = "noise\(Int.random(in: 0..<40, using: &generator))"
        let will = Bool.random(using: &generator) ? Will("noise/will", "w", qos: 1) : nil
        return Wire.connect(name, version, clean: Bool.random(using: &generator), will: will)
    }

    /// Does something; true when the connection is of no more use.
    private func act(_ client: RawClient) -> Bool {
        let id = Int.random(in: 1...50, using: &generator)
        let qos = UInt8.random(in: 0...2, using: &generator)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: client.send(Wire.subscribe(.v4, id: id, [("chaos/#", qos), ("noise/#", 0)]))
        case 1: client.send(Wire.unsubscribe(.v4, id: id, ["chaos/#"]))
        case 2, 3, 4:
            client.send(Wire.publish(.v4, "noise/\(id)", "junk", qos: qos, id: id, retain: id < 5))
        case 5: client.send(Wire.subscribe(.v4, id: id, [("$share/noise/chaos/#", qos)]))
        case 6:
            client.send(Bytes(Wire.publish(.v4, "noise/cut", "junk", qos: 1, id: id).prefix(7)))
            client.abort()
            return true
        case 7:
            client.send(Wire.disconnect())
            return true
        case 8: client.send(Wire.pingreq + Wire.pubrel(id))
        default:
            client.send("30 FF FF FF 7F")
            return true
        }
        return false
    }
}
