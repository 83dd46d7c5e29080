// SPDX-License-Identifier: Apache-2.0
// What persistence plugins are told, and what they give back.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Persistence plugins", .inBrokerOnly("plugins that ask for persistence are refused there"))
struct HostPersistenceTests {
    static let reactors = Broker.reactorCounts

    /// Expects what has been recorded behind `mark`, in this order.
    private func expect(
        _ kept: KeptBroker,
        _ lines: [String],
        from mark: inout Int,
        line: UInt = #line
    ) throws {
        guard let last = lines.last else { return }
        let deadline = Date().addingTimeInterval(5)
        while kept.records(from: mark).count < lines.count, Date() < deadline { usleep(2000) }
        let found = kept.records(from: mark)
        guard found == lines else {
            throw Mismatch(
                "expected, up to \(last):\n\(lines.joined(separator: "\n"))\nfound:\n\(found.joined(separator: "\n"))",
                line: line
            )
        }
        mark += found.count
    }

    private func open(
        _ broker: Broker,
        _ id: String,
        _ version: Version = .v5,
        expiry: UInt32 = 1000,
        present: Bool = false,
        will: TestSupport.Will? = nil,
        more: Bytes = []
    ) throws -> RawClient {
        try RawClient.connected(
            to: broker,
            id,
            version,
            clean: false,
            username: "user",
            properties: version == .v5 ? Property.sessionExpiry(expiry) + more : [],
            will: will,
            sessionPresent: present
        )
    }

    private static let gone = "topic=NULL payload=NULL qos=0 retain=0 type=NULL"

    @Test("A session's life is told in the original's order", arguments: Lane.allCases, reactors)
    func session(lane: Lane, workers: Int) throws {
        let kept = try KeptBroker(lane, workers: workers)
        let broker = kept.broker
        var mark = broker.records.count
        let client = try open(broker, "dur")
        try client.subscribe("a/#", 1)
        client.send(Wire.subscribe(.v5, id: 2, [("$share/g/b", 1)]))
        try client.expect(Wire.suback(.v5, id: 2, [1]))
        client.send(Wire.unsubscribe(.v5, id: 3, ["$share/g/b"]))
        try client.expect(Wire.unsuback(.v5, id: 3))
        try client.disconnect()
        let facts = "id=dur user=user expiry=1000"
        try expect(
            kept,
            [
                "connect id=dur",
                "client-add \(facts) ends=0 delay=0 due=0 port=1 max=2",
                "sub-add id=dur filter=a/# identifier=0 options=1",
                "sub-add id=dur filter=$share/g/b identifier=0 options=1",
                "sub-delete id=dur filter=$share/g/b identifier=0 options=0",
                "offline",
                "client-update \(facts) ends=1 delay=0 due=0 port=1 max=2",
                "will-delete event=29 id=dur \(Self.gone)",
            ],
            from: &mark
        )
        try queue(kept, workers, &mark)
        try resumeAndStartAnew(kept, facts, &mark)
    }

    /// A message comes while the client of the session is away.
    private func queue(_ kept: KeptBroker, _ workers: Int, _ mark: inout Int) throws {
        let broker = kept.broker
        let publisher = try RawClient.connected(to: broker, "pub", .v5, username: "user")
        try publisher.publish1("a/b", "hello", id: 7, properties: Property.contentType("text"))
        let base =
            "base-add topic=a/b payload=hello len=5 end=0 source=pub user=user mid=%d port=1 qos=1 retain=0 expiry=0 type=text"
        let entry = "id=dur entry=1 mid=1 qos=1 retain=0"
        let rest = "direction=1 state"
        // Where the message goes to another reactor, its identifier does not go along.
        let known = kept.records(from: mark).contains { $0.contains("mid=7 port") } ? "7" : "0"
        if workers == 1 { #expect(known == "7") }
        try expect(
            kept,
            [
                "connect id=pub", base.replacing("%d", with: known),
                "msg-add \(entry) dup=0 \(rest)=11 identifier=0",
            ],
            from: &mark
        )
        try publisher.disconnect()
        try expect(
            kept,
            ["disconnect 0", "will-delete event=29 id=pub \(Self.gone)"],
            from: &mark
        )
    }

    /// The client comes back for it, and once more without wanting the session.
    private func resumeAndStartAnew(_ kept: KeptBroker, _ facts: String, _ mark: inout Int) throws {
        let broker = kept.broker
        let entry = "id=dur entry=1 mid=1 qos=1 retain=0"
        let rest = "direction=1 state"
        let client = try open(broker, "dur", present: true)
        try client.take1Typed("a/b", "hello", id: 1)
        try client.disconnect()
        try expect(
            kept,
            [
                "msg-update \(entry) dup=0 \(rest)=2 identifier=0",
                "disconnect 142", "connect id=dur",
                "client-update \(facts) ends=0 delay=0 due=0 port=1 max=2",
                "will-delete event=29 id=dur \(Self.gone)",
                "msg-update \(entry) dup=1 \(rest)=3 identifier=0",
                "msg-delete \(entry) dup=1 \(rest)=3 identifier=0",
                "base-delete topic=NULL", "offline",
                "client-update \(facts) ends=1 delay=0 due=0 port=1 max=2",
                "will-delete event=29 id=dur \(Self.gone)",
            ],
            from: &mark
        )
        try RawClient.connected(to: broker, "dur", .v5, username: "user").disconnect()
        try expect(
            kept,
            [
                "sub-delete id=dur filter=a/# identifier=0 options=0", "disconnect 142",
                "will-delete event=29 id=dur \(Self.gone)",
                "client-delete id=dur user=NULL expiry=0 ends=0 delay=0 due=0 port=0 max=0",
                "connect id=dur", "disconnect 0",
                "will-delete event=29 id=dur \(Self.gone)",
            ],
            from: &mark
        )
    }

    @Test("Live messages in both directions", arguments: Lane.allCases)
    func live(lane: Lane) throws {
        let kept = try KeptBroker(lane, workers: 1)
        let broker = kept.broker
        let client = try open(broker, "c", .v4)
        try client.subscribe("t", 2)
        let records = { kept.broker.records.filter { $0.hasPrefix("msg") || $0.hasPrefix("base") } }
        client.send(Wire.publish(.v4, "t", "x", qos: 2, id: 5))
        try client.expect(Wire.pubrec(5))
        client.send(Wire.pubrel(5))
        try client.expectPublish("t", "x", qos: 2, id: 1)
        try client.expect(Wire.pubcomp(5))
        client.send(Wire.pubrec(1))
        try client.expect(Wire.pubrel(1))
        client.send(Wire.pubcomp(1))
        try client.subscribe("u", 1, id: 9)
        let incoming = "id=c entry=1 mid=5 qos=2 retain=0 dup=0 direction=0 state=7 identifier=0"
        let outgoing = "id=c entry=1 mid=1 qos=2 retain=0"
        #expect(
            records() == [
                "base-add topic=t payload=x len=1 end=0 source=c user=user mid=5 port=1 qos=2 retain=0 expiry=0 type=NULL",
                "msg-add \(incoming)",
                "msg-add \(outgoing) dup=0 direction=1 state=4 identifier=0",
                "msg-update \(outgoing) dup=1 direction=1 state=5 identifier=0",
                "msg-delete \(incoming)",
                "msg-update \(outgoing) dup=1 direction=1 state=9 identifier=0",
                "msg-delete \(outgoing) dup=1 direction=1 state=9 identifier=0",
                "base-delete topic=NULL",
            ]
        )
    }

    @Test(
        "Retained messages, and one message for all its receivers",
        arguments: Lane.allCases,
        reactors
    )
    func retained(lane: Lane, workers: Int) throws {
        let kept = try KeptBroker(lane, workers: workers)
        let broker = kept.broker
        for name in ["s1", "s2", "s3", "s4"] {
            let client = try open(broker, name)
            try client.subscribe("r/+", 1)
            try client.disconnect()
        }
        let publisher = try RawClient.connected(to: broker, "pub", .v5)
        let records = {
            broker.records.filter {
                $0.hasPrefix("base") || $0.hasPrefix("retain") || $0.hasPrefix("msg")
            }
        }
        try publisher.publish1("r/x", "one", retain: true)
        try broker.waitForLog(containing: "REC retain-set topic=r/x id=1")
        #expect(records().count { $0.hasPrefix("base-add") } == 1)
        #expect(records().count { $0.hasPrefix("msg-add") } == 4)
        let order = records().map { String($0.prefix(4)) }
        #expect(order.first == "base")
        if workers == 1 { #expect(order == ["base", "msg-", "msg-", "msg-", "msg-", "reta"]) }
        publisher.send(Wire.publish(.v5, "$internal", "x", qos: 1, id: 2, retain: true))
        _ = try publisher.readPacket()
        publisher.send(Wire.publish(.v5, "r/x", "", qos: 1, id: 3, retain: true))
        _ = try publisher.readPacket()
        try broker.waitForLog(containing: "REC retain-delete topic=r/x id=0")
        try publisher.publish1("r/x", "", id: 4, retain: true)
        try publisher.publish1("r/y", "two", id: 5, retain: true)
        try publisher.publish1("r/y", "three", id: 6, retain: true)
        try publisher.disconnect()
        try broker.waitForLog(containing: "REC will-delete event=29 id=pub")
        #expect(records().count { $0.hasPrefix("retain-set") } == 3)
        #expect(records().count { $0.hasPrefix("retain-delete") } == 1)
        #expect(!records().contains { $0.contains("$internal") })
    }

    @Test("Wills are told, of clients without a session too", arguments: Lane.allCases)
    func wills(lane: Lane) throws {
        let kept = try KeptBroker(lane, workers: 1)
        let broker = kept.broker
        var mark = broker.records.count
        let will = TestSupport.Will(
            "w",
            "gone",
            qos: 1,
            retain: true,
            properties: Property.willDelay(500) + Property.contentType("t")
        )
        let passing = try RawClient.connected(
            to: broker,
            "p",
            .v5,
            will: TestSupport.Will("w", "x")
        )
        try passing.disconnect()
        let client = try open(broker, "d", will: will)
        client.abort()
        let facts = "id=d user=user expiry=1000"
        let told = "will-add event=29 id=d topic=w payload=gone qos=1 retain=1 type=t"
        try expect(
            kept,
            [
                "connect id=p",
                "will-add event=29 id=p topic=w payload=x qos=0 retain=0 type=NULL",
                "disconnect 0", "will-delete event=29 id=p \(Self.gone)", "connect id=d",
                "client-add \(facts) ends=0 delay=500 due=0 port=1 max=2", told, "offline",
                "client-update \(facts) ends=1 delay=500 due=1 port=1 max=2", told,
            ],
            from: &mark
        )
    }
}

extension RawClient {
    /// Takes a message that has a content type.
    fileprivate func take1Typed(_ topic: String, _ payload: String, id: Int) throws {
        try expectPublish(topic, payload, qos: 1, id: id, properties: Property.contentType("text"))
        send(Wire.puback(id))
    }
}
