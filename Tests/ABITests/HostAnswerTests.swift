// SPDX-License-Identifier: Apache-2.0
// What plugins' answers do to clients, and what plugins are told afterwards.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.serialized) struct HostAnswerTests {
    static func start(workers: Int = 1) throws -> Broker {
        try Broker(
            HostThreadTests.listener + "plugin \(HostPlugin.answers.get().path)\n",
            workers: workers
        )
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let result: Int
        /// What a 5.0 client reads in CONNACK; nil for no CONNACK.
        let reason: UInt8?
        /// What the DISCONNECT event says.
        let told: Int

        var testDescription: String { "result \(result)" }
    }

    /// Results of BASIC_AUTH: some have reasons of their own, all unknown ones close at once.
    static let refusals: [Refusal] =
        [128, 131, 133, 134, 136, 137, 138, 140, 159].map {
            Refusal(result: $0, reason: UInt8($0), told: $0)
        }
        + [11, 17].map { Refusal(result: $0, reason: 0x87, told: 11) }
        + [12, 13, 2, -4, -6, 255].map { Refusal(result: $0, reason: nil, told: 13) }

    @Test(
        "A refused client reads the reason its version has, and plugins the result",
        arguments: refusals
    )
    func refusal(refusal: Refusal) throws {
        let broker = try Self.start()
        for version in [Version.v5, .v4] {
            let client = try RawClient(broker)
            client.send(Wire.connect("c\(version)", version, username: "\(refusal.result)"))
            if let reason = refusal.reason {
                let connack: Bytes = version == .v5 ? [0x20, 3, 0, reason, 0] : [0x20, 2, 0, 5]
                try client.expectClosed(after: connack)
            } else {
                try client.expectClosed()
            }
            try broker.waitForLog(containing: "REC disconnect c\(version) \(refusal.told)")
        }
        try broker.stop()
    }

    @Test(
        "A late refusal is 'not authorised' whatever the plugin says",
        arguments: [11, 134, 13, 17]
    )
    func lateRefusal(code: Int) throws {
        let broker = try Self.start()
        let control = try RawClient.connected(to: broker, "control", .v5)
        let late = try RawClient(broker)
        late.send(Wire.connect("late", .v5, username: "-5"))
        try broker.waitForLog(containing: "REC delays late")
        // Another one that claims the identifier waits in line: nobody is shut out by it.
        let second = try RawClient(broker)
        second.send(Wire.connect("late", .v5, username: "-5"))
        let mark = broker.logMark
        control.publish("command/complete", "late \(code)")
        try late.expectClosed(after: [0x20, 3, 0, 0x87, 0])
        try broker.waitForLog(containing: "REC disconnect late 11")
        try broker.waitForLog(containing: "REC delays late", from: mark)
        second.abort()
        try broker.stop()
    }

    @Test("Who leaves before it is decided about was never there for plugins")
    func leavingUndecided() throws {
        let broker = try Self.start()
        let client = try RawClient(broker)
        client.send(Wire.connect("gone", .v5, username: "-5"))
        try broker.waitForLog(containing: "REC delays gone")
        client.abort()
        try broker.waitForLog(containing: "Client gone")
        let other = try RawClient.connected(to: broker, "other", .v5)
        try other.disconnect()
        try broker.waitForLog(containing: "REC disconnect other 0")
        try broker.stop()
        #expect(broker.records == ["delays gone", "disconnect other 0"])
    }

    @Test(
        "A kicked session that stays keeps the subscriptions it might still make",
        arguments: [1, 4]
    )
    func kick(workers: Int) throws {
        let broker = try Self.start(workers: workers)
        let expiry: Bytes = [17, 0, 0, 0, 100]
        let durable = try RawClient.connected(
            to: broker,
            "durable",
            .v5,
            properties: expiry
        )
        try durable.subscribe("kept/#", 1)
        try durable.subscribe("lost/#", 1, id: 2)
        try durable.subscribe("$share/group/lost/#", 1, id: 3)
        let control = try RawClient.connected(to: broker, "control", .v5)
        control.publish("command/kick", "durable")
        try durable.expectClosed(after: [0xE0, 1, 0x98])
        try broker.waitForLog(containing: "REC offline durable 152")
        // The plugin's answers reach the session's worker in their own time.
        let publication = Wire.publish(.v5, "lost/x", "no", qos: 1, id: 1)
        var answer: Bytes = []
        for _ in 0..<10_000 where answer != [0x40, 3, 0, 1, 0x10] {
            control.send(publication)
            answer = try control.readPacket()
        }
        #expect(answer == [0x40, 3, 0, 1, 0x10])
        try control.publish1("kept/x", "yes", id: 2)
        try broker.stop()
        #expect(
            broker.records == [
                "kick 0", "asked about kept/# q0", "asked about lost/# q0",
                "asked about $share/group/lost/# q0", "offline durable 152",
            ]
        )
    }

    @Test("A message to one client is shown as it goes out, and asks for no access")
    func directMessage() throws {
        let broker = try Self.start()
        let client = try RawClient.connected(to: broker, "c", .v5)
        client.publish("command/send", "c")
        try client.expectPublish("direct", "hi")
        client.publish("command/send", "nobody")
        try client.disconnect()
        try broker.waitForLog(containing: "REC disconnect c 0")
        try broker.stop()
        #expect(broker.records == ["send 0", "out c direct", "send 0", "disconnect c 0"])
    }
}
