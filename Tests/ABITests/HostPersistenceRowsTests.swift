// SPDX-License-Identifier: Apache-2.0
// What persistence plugins are told in the rarer cases.

import Foundation
import TestSupport
import Testing

@Suite(
    "Persistence plugins: rarer cases",
    .inBrokerOnly("plugins that ask for persistence are refused there")
)
struct HostPersistenceRowsTests {
    private func records(_ kept: KeptBroker, _ prefixes: String...) -> [String] {
        kept.records().filter { line in prefixes.contains { line.hasPrefix($0) } }
    }

    @Test("A session without an end is told of once, one that is bounded when its client leaves")
    func bounded() throws {
        for (options, updates) in [("", 0), ("persistent_client_expiration 1h", 1)] {
            let kept = try KeptBroker(.serial, workers: 1, options)
            let client = try RawClient.connected(to: kept.broker, "v3", .v4, clean: false)
            try client.disconnect()
            let mark = try RawClient.connected(to: kept.broker, "mark", .v4)
            try mark.disconnect()
            try kept.broker.waitForLog(containing: "REC will-delete event=29 id=mark")
            #expect(records(kept, "client-add id=v3").count == 1)
            let found = records(kept, "client-update id=v3")
            #expect(found.count == updates)
            #expect(found.allSatisfy { $0.contains("expiry=4294967295 ends=1") }, "\(found)")
        }
    }

    @Test("A session that its client gives up is over, and what waited for it too")
    func givenUp() throws {
        let kept = try KeptBroker(.serial, workers: 1)
        let client = try RawClient.connected(
            to: kept.broker,
            "c",
            .v5,
            clean: false,
            properties: Property.sessionExpiry(100)
        )
        try client.subscribe("t", 1)
        let publisher = try RawClient.connected(to: kept.broker, "pub", .v4)
        try publisher.publish1("t", "x")
        // Nothing is acknowledged; DISCONNECT says that the session ends.
        client.send(Wire.disconnect(0, properties: Property.sessionExpiry(0)))
        try kept.broker.waitForLog(containing: "REC base-delete")
        #expect(
            records(kept, "will-delete", "client-delete", "base").map { String($0.prefix(16)) }
                == [
                    "base-add topic=t", "will-delete even", "client-delete id", "base-delete topi",
                ]
        )
    }

    @Test("Messages of QoS 0 are told of where they are queued")
    func queuedQoS0() throws {
        for (options, count) in [("", 0), ("queue_qos0_messages true", 1)] {
            let kept = try KeptBroker(.serial, workers: 1, options)
            let client = try RawClient.connected(to: kept.broker, "c", .v4, clean: false)
            try client.subscribe("t", 0)
            try client.disconnect()
            let publisher = try RawClient.connected(to: kept.broker, "pub", .v4)
            publisher.publish("t", "x")
            try publisher.publish1("u", "y", id: 2)
            try publisher.disconnect()
            try kept.broker.waitForLog(containing: "REC will-delete event=29 id=pub")
            let told = records(kept, "msg-add")
            #expect(told.count == count)
            #expect(told.allSatisfy { $0.contains("mid=0 qos=0") && $0.contains("state=11") })
        }
    }

    @Test("A retained message whose time is over is told of as cleared", arguments: [1, 2])
    func expired(workers: Int) throws {
        let kept = try KeptBroker(.serial, workers: workers)
        let publisher = try RawClient.connected(to: kept.broker, "pub", .v5)
        let properties = Property.messageExpiry(1)
        publisher.send(
            Wire.publish(.v5, "r", "x", qos: 1, id: 1, retain: true, properties: properties)
        )
        try publisher.expect(Wire.puback(1, 0x10))
        let deadline = Date().addingTimeInterval(10)
        while records(kept, "base-delete").isEmpty, Date() < deadline {
            // Whoever looks for it finds that it is over.
            let reader = try RawClient.connected(to: kept.broker, "reader", .v5)
            reader.send(Wire.subscribe(.v5, id: 1, [("r", 0)]))
            usleep(100_000)
            reader.abort()
        }
        #expect(records(kept, "retain-delete") == ["retain-delete topic=r id=0"])
        #expect(records(kept, "base-delete").count == 1)
    }

    @Test("While the broker ends, nothing is told but the wills that are published then")
    func shutdown() throws {
        let kept = try KeptBroker(.serial, workers: 2)
        let client = try RawClient.connected(
            to: kept.broker,
            "c",
            .v5,
            clean: false,
            properties: Property.sessionExpiry(100),
            will: TestSupport.Will("w", "x", qos: 1)
        )
        try client.subscribe("w", 1)
        let passing = try RawClient.connected(to: kept.broker, "p", .v5)
        try passing.subscribe("x")
        client.send(Wire.publish(.v5, "y", "z", qos: 1, id: 9))
        try client.expect(Wire.puback(9, 0x10))
        let before = kept.records().count
        try kept.broker.stop()
        let after = kept.records().dropFirst(before)
        let kinds = ["client-", "sub-", "retain-", "msg-delete", "base-delete"]
        #expect(!after.contains { line in kinds.contains { line.hasPrefix($0) } }, "\(after)")
        #expect(after.contains { $0.hasPrefix("will-delete event=29 id=c") })
        #expect(after.last == "cleanup")
    }
}
