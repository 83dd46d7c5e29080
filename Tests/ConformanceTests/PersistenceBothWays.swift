// SPDX-License-Identifier: Apache-2.0
// State moves between the original broker and this one.

import TestSupport
import Testing

@Suite(
    "Persistence: both ways with the original",
    .enabled(if: Broker.Program.original.isInstalled, "needs the original broker")
)
struct PersistenceBothWays {
    static let ways: [(Broker.Program, Broker.Program)] = [(.original, .own), (.own, .original)]

    @Test("Sessions, queues, states and retained messages are served there", arguments: ways)
    func moves(from: Broker.Program, to: Broker.Program) throws {
        let folder = try PersistenceFolder()
        var broker = try folder.start(workers: 2, of: from)
        var client = try Sessions.open(broker, "client", .v4)
        try client.subscribe("t/#", 2)
        var absent = try Sessions.open(broker, "absent", .v4)
        try absent.subscribe("t/#", 1)
        if from == .own { try absent.subscribe("$share/g/s", 1, id: 2) }
        try absent.disconnect()
        var publisher = try Sessions.open(broker, "publisher", .v4)
        try publisher.publish1("t/1", "one", id: 1)
        try publisher.publish2("t/2", "two", id: 2)
        try publisher.publish2("t/3", "three", id: 3, retain: true)
        try client.expectPublish("t/1", "one", qos: 1, id: 1)
        try client.expectPublish("t/2", "two", qos: 2, id: 2)
        try client.expectPublish("t/3", "three", qos: 2, id: 3)
        client.send(Wire.pubrec(3))
        try client.expect(Wire.pubrel(3))
        publisher.send(Wire.publish(.v4, "t/4", "four", qos: 2, id: 40))
        try publisher.expect(Wire.pubrec(40))
        try broker.stop()
        broker = try folder.start(workers: 2, of: to)
        client = try Sessions.open(broker, "client", .v4, present: true)
        try client.expect(inAnyOrder: [
            Wire.publish(.v4, "t/1", "one", qos: 1, id: 1, dup: true),
            Wire.publish(.v4, "t/2", "two", qos: 2, id: 2, dup: true),
            Wire.pubrel(3),
        ])
        client.send(Wire.puback(1) + Wire.pubrec(2) + Wire.pubcomp(3))
        try client.expect(Wire.pubrel(2))
        client.send(Wire.pubcomp(2))
        absent = try Sessions.open(broker, "absent", .v4, present: true)
        for number in 1...3 {
            let payload = ["one", "two", "three"][number - 1]
            try absent.take1("t/\(number)", payload, id: number)
        }
        publisher = try Sessions.open(broker, "publisher", .v4, present: true)
        publisher.send(Wire.pubrel(40))
        try publisher.expect(Wire.pubcomp(40))
        try client.take2("t/4", "four", id: 4)
        try absent.take1("t/4", "four", id: 4)
        if from == .own {
            try publisher.publish1("s", "shared", id: 5)
            try absent.take1("s", "shared", id: 5)
        }
        let late = try RawClient.connected(to: broker, "late")
        try late.subscribe("t/#", 2)
        try late.expectPublish("t/3", "three", qos: 2, id: 1, retain: true)
    }
}
