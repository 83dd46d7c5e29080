// SPDX-License-Identifier: Apache-2.0
// Brokers on a disk that fails, and what they do for their clients meanwhile.

import Foundation
import Glibc
import TestSupport
import Testing

/// Brokers, one after the other, that keep their state on a disk that may fail.
struct DiskStage {
    /// The folder for their state.
    let path: String
    let workers: Int
    /// The value of `persistence_fsync`.
    let syncing: String

    /// A broker; `environment` is that of its disk.
    func start(_ environment: [String: String] = [:]) throws -> Broker {
        try Broker(
            """
            persistence true
            persistence_location \(path)/
            persistence_fsync \(syncing)
            max_queued_messages 0

            """ + Broker.plain,
            workers: workers,
            environment: environment
        )
    }

    /// The numbers that wait for the subscriber, in order.
    func drain(_ broker: Broker) throws -> [Int] {
        let client = try Sessions.open(broker, "kept", .v5, present: true)
        var numbers: [Int] = []
        var quiet = 0
        while quiet < 3 {
            client.send(Wire.pingreq)
            quiet += 1
            while let packet = client.nextPacket(seconds: 5), packet != Wire.pingresp {
                quiet = 0
                let message = try KillMessage(packet, .v5)
                numbers.append(message.number)
                client.send(Wire.puback(message.id))
            }
        }
        return numbers
    }

    /// A session that is away, subscribed to what is published.
    func prepare(_ broker: Broker, _ version: Version = .v5) throws -> DiskPublisher {
        let subscriber = try Sessions.open(broker, "kept", .v5)
        try subscriber.subscribe("t", 1)
        try subscriber.disconnect()
        return try DiskPublisher(broker, version)
    }

    /// What needs no record goes on, and what needs one is refused to whoever asks.
    func checkUnrecorded(_ broker: Broker) throws {
        let client = try RawClient.connected(to: broker, unique("unrecorded"), .v5)
        let watcher = try RawClient.connected(to: broker, unique("unrecorded"), .v5)
        try watcher.subscribe("other", 2)
        try client.publish2("other", "qos 2")
        try watcher.take2("other", "qos 2", id: 1)
        client.publish("t", "strange 0")
        try client.publish1("nobody", reason: 0x10)
        try client.expectSilence()
        let late = try RawClient(broker)
        late.send(
            Wire.connect("late", .v5, clean: false, properties: Property.sessionExpiry(1000))
        )
        let connack = try late.readPacket()
        #expect(connack.count > 3 && connack[3] == 0x88, "\(hexText(connack))")
    }

    /// Ends it as the worst of signals does.
    func kill(_ broker: Broker) throws {
        broker.process.signal(SIGKILL)
        let outcome = broker.process.wait(seconds: 10)
        guard outcome?.status == 128 + SIGKILL else { throw Mismatch("it has ended before") }
    }
}
