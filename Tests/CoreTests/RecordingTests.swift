// SPDX-License-Identifier: Apache-2.0
// Whatever the moment of the end: the log has each message where it was promised, once.

import Config
import Net
import Persist
import Testing

@testable import Core

@Suite("Records of publications")
struct RecordingTests {
    // MARK: QoS 2

    @Test("A released message that a full queue drops does not come back")
    func dropped() throws {
        var configuration = Configuration()
        configuration.maxQueuedMessages = 1
        configuration.maxInflightMessages = 1
        let scene = try RecordedScene(configuration)
        let taker = try scene.client("taker", isClean: false)
        taker.send(Wire.subscribe(["a"], qos: 2))
        let publisher = try scene.client("publisher", isClean: false)
        for identifier in UInt16(1)...8 {
            publisher.send(
                Wire.publish("a", Array("m\(identifier)".utf8), qos: 2, identifier: identifier)
            )
            scene.driven.settle()
        }
        for identifier in UInt16(1)...8 {
            publisher.send(Wire.acknowledgement(0x62, identifier))
        }
        scene.driven.settle()
        #expect(try scene.recorded.complaints() == [])
        let found = try #require(try scene.recorded.afterEachFrame().last?.outgoing("taker"))
        #expect(found.first == "m1" && found.count < 8, "\(found)")
        scene.end()
    }

    @Test("A released message that its receiver may not read does not come back")
    func denied() throws {
        let hooks = RuleHooks(isDirect: true)
        let scene = try RecordedScene(hooks: hooks)
        try scene.leave("absent", subscribedTo: ["a"], qos: 2)
        hooks.isDenied = { kind, name in kind == .read && name == "absent" }
        let publisher = try scene.client("publisher", isClean: false)
        publisher.send(Wire.publish("a", [1], qos: 2, identifier: 1))
        scene.driven.settle()
        publisher.send(Wire.acknowledgement(0x62, 1))
        scene.driven.settle()
        #expect(try scene.recorded.complaints() == [])
        #expect(try scene.recorded.afterEachFrame().last?.outgoing("absent") == [])
        scene.end()
    }

    @Test("A release is whole in the log, when acknowledgements of the same read are carried out")
    func releaseAndAcknowledgement() throws {
        var configuration = Configuration()
        configuration.maxQueuedMessages = 1
        configuration.maxInflightMessages = 1
        let scene = try RecordedScene(configuration)
        try scene.leave("absent", subscribedTo: ["a"], qos: 2)
        let client = try scene.client("client", isClean: false)
        client.send(Wire.subscribe(["own"], qos: 1))
        client.send(Wire.publish("a", Array("released".utf8), qos: 2, identifier: 1))
        scene.driven.settle()
        let other = try scene.client("other")
        for number in UInt16(1)...2 {
            other.send(Wire.publish("own", [1], qos: 1, identifier: number))
            scene.driven.settle()
        }
        // PINGRESP fills the output, so that the message behind the acknowledged one needs room.
        client.send(
            Wire.pingreq + Wire.acknowledgement(0x62, 1) + Wire.acknowledgement(0x40, 1)
        )
        scene.driven.settle()
        try scene.expectOnce(["released"], by: "client", for: ["absent"])
        scene.end()
    }

    @Test("Releases on two topics are whole in the log, each with its batch")
    func releasesOfTwoTopics() throws {
        var configuration = Configuration()
        configuration.maxQueuedMessages = 1
        let scene = try RecordedScene(configuration)
        let taker = try scene.client("taker", isClean: false)
        taker.send(Wire.subscribe(["a", "b"], qos: 2))
        let reader = try scene.client("reader", isClean: false)
        reader.send(Wire.subscribe(["a", "b"], qos: 1))
        let publisher = try scene.client("publisher", isClean: false)
        scene.driven.settle()
        for (identifier, topic) in [(UInt16(1), "a"), (2, "a"), (3, "b")] {
            let payload = Array("m\(identifier)".utf8)
            publisher.send(Wire.publish(topic, payload, qos: 2, identifier: identifier))
        }
        scene.driven.settle()
        publisher.send((UInt16(1)...3).flatMap { Wire.acknowledgement(0x62, $0) })
        scene.driven.settle()
        #expect(try scene.recorded.complaints() == [])
        try scene.expectOnce(["m1", "m2", "m3"], by: "publisher", for: ["taker", "reader"])
        scene.end()
    }

    @Test("A release that a plugin decides about late is whole in the log, and counts once")
    func lateRelease() throws {
        let hooks = RuleHooks(isDirect: false)
        let scene = try RecordedScene(hooks: hooks)
        try scene.leave("absent", subscribedTo: ["a"], qos: 2)
        var publisher = try scene.client("publisher", isClean: false)
        publisher.send(Wire.publish("a", Array("m".utf8), qos: 2, identifier: 1))
        scene.driven.settle()
        publisher.close()
        scene.driven.settle()
        hooks.isLate = true
        // It comes back, releases, and is gone before the answer; and once more.
        for _ in 0..<2 {
            publisher = try scene.client("publisher", isClean: false)
            publisher.send(Wire.acknowledgement(0x62, 1))
            scene.driven.settle()
            publisher.read()
            #expect(publisher.received == [], "PUBCOMP waits")
            try scene.expectOnce(["m"], by: "publisher", for: ["absent"])
        }
        publisher.send(Wire.acknowledgement(0x62, 1))
        scene.driven.settle()
        // The third PUBREL is of the connection of the second.
        while hooks.waitingCount > 0 {
            hooks.answer(through: scene.driven.broker)
            scene.driven.settle()
        }
        #expect(scene.recorded.awaitSafety())
        publisher.read()
        #expect(
            Array(publisher.received.suffix(8)) == [0x70, 2, 0, 1, 0x70, 2, 0, 1],
            "each PUBREL of this connection is answered"
        )
        try scene.expectOnce(["m"], by: "publisher", for: ["absent"])
        #expect(try scene.recorded.complaints() == [])
        scene.end()
    }

    // MARK: Several workers

    @Test("On one thread too a message is accepted before it is delivered")
    func coScheduled() throws {
        var configuration = Configuration()
        configuration.maxQueuedMessages = 1
        let scene = try RecordedScene(configuration, workers: 2)
        scene.driven.coSchedule()
        let name = scene.name("taker", on: 1)
        let publisher = try scene.client(scene.name("publisher", on: 0))
        let taker = try scene.client(name, isClean: false)
        taker.send(Wire.subscribe(["a"], qos: 2))
        scene.driven.settle()
        let packets = (UInt16(1)...8).flatMap {
            Wire.publish("a", Array("m\($0)".utf8), qos: 1, identifier: $0)
        }
        publisher.send(packets)
        scene.driven.settle()
        #expect(try scene.recorded.complaints() == [])
        for state in try scene.recorded.afterEachFrame() {
            #expect(state.missingCount == 0, "what is delivered is there")
            let outgoing = state.outgoing(name)
            #expect(outgoing == Array(Set(outgoing)).sorted(), "each is there once")
        }
        scene.end()
    }

    // MARK: Shared subscriptions

    @Test(
        "A message for a group is with one of its members, in slices or at once",
        arguments: [0, 4096],
        [UInt8(1), 2]
    )
    func shared(atOnceMax: Int, qos: UInt8) throws {
        let scene = try RecordedScene(workers: 2)
        for worker in scene.driven.workers {
            worker.fanOuts.atOnceMax = atOnceMax
            worker.fanOuts.stepMax = 1
            worker.reactor.nanoseconds = SteppingClock(step: 600_000).look
        }
        let members = (0..<3).map { "member\($0)" }
        for name in members {
            try scene.leave(name, subscribedTo: ["$share/one/a", "$share/two/a"], qos: 2)
        }
        try scene.leave("alone", subscribedTo: ["a"], qos: 2)
        let publisher = try scene.client("publisher", isClean: false)
        scene.driven.settle()
        let names = (UInt16(1)...4).map { "m\($0)" }
        let packets = (UInt16(1)...4).flatMap {
            Wire.publish("a", Array("m\($0)".utf8), qos: qos, identifier: $0)
        }
        publisher.send(packets)
        if qos == 2 {
            scene.driven.settle()
            publisher.send((UInt16(1)...4).flatMap { Wire.acknowledgement(0x62, $0) })
        }
        scene.driven.settle()
        #expect(try scene.recorded.complaints() == [])
        var isAccepted = false
        for state in try scene.recorded.afterEachFrame() {
            isAccepted = isAccepted || !state.outgoing("alone").isEmpty
            let found = members.flatMap { state.outgoing($0) }.sorted()
            #expect(found == (isAccepted ? (names + names).sorted() : []))
            #expect(isAccepted || qos == 1 || state.incoming("publisher").count < 5)
        }
        #expect(isAccepted)
        if qos == 2 {
            try scene.expectOnce(names, by: "publisher", for: ["alone"])
        }
        scene.end()
    }
}
