// SPDX-License-Identifier: Apache-2.0
// Each way in which a message is lost is counted under its reason, and under no other.

import Config
import MQTT
import Testing

@testable import Core

@Suite("Reasons of lost messages")
struct DropReasonTests {
    private static func client(
        _ driven: DrivenBroker,
        _ connect: [UInt8],
        _ more: [UInt8] = [],
        sendBuffer: Int32? = nil
    ) throws -> Peer {
        let peer = try driven.connect(sendBuffer: sendBuffer)
        peer.send(connect + more)
        driven.settle()
        peer.read()
        #expect(peer.packet()?.first == 0x20)
        return peer
    }

    /// What was counted so far.
    private static func drops(_ driven: DrivenBroker) -> [DropReason: UInt64] {
        var drops: [DropReason: UInt64] = [:]
        for reason in DropReason.allCases {
            let count = driven.broker.workers.reduce(0) { $0 + $1.counters.dropped(reason) }
            if count > 0 { drops[reason] = count }
        }
        return drops
    }

    /// A session without its client that is subscribed to `a` with QoS 1.
    private static func leave(_ driven: DrivenBroker) throws {
        let connect = Wire.connect("absent", isClean: false)
        let absent = try client(driven, connect, Wire.subscribe(["a"], qos: 1))
        absent.send(Wire.disconnect)
        driven.settle()
    }

    private static func publishes(_ count: UInt16, qos: UInt8 = 1) -> [UInt8] {
        (1...count).reduce([]) { $0 + Wire.publish("a", [1], qos: qos, identifier: $1) }
    }

    @Test("A full queue, and a session that ends with what is queued")
    func queue() throws {
        var configuration = Configuration()
        configuration.maxInflightMessages = 1
        configuration.maxQueuedMessages = 2
        let driven = try DrivenBroker(configuration)
        try Self.leave(driven)
        _ = try Self.client(driven, Wire.connect("publisher"), Self.publishes(10))
        let lost = try #require(Self.drops(driven)[.queueFull])
        #expect(Self.drops(driven) == [.queueFull: lost])
        let back = try Self.client(driven, Wire.connect("absent"))
        #expect(Self.drops(driven) == [.queueFull: lost, .sessionEnded: 10 - lost])
        _ = back
        driven.end()
    }

    @Test("Messages under way to a session that ends")
    func inFlight() throws {
        let driven = try DrivenBroker()
        let taker = try Self.client(
            driven,
            Wire.connect("taker"),
            Wire.subscribe(["a"], qos: 1)
        )
        _ = try Self.client(driven, Wire.connect("publisher"), Self.publishes(3))
        #expect(Self.drops(driven) == [:])
        taker.close()
        driven.settle()
        #expect(Self.drops(driven) == [.inflightLost: 3])
        driven.end()
    }

    @Test("QoS 0 to a client that does not read")
    func output() throws {
        var configuration = Configuration()
        configuration.maxQueuedMessages = 10
        let driven = try DrivenBroker(configuration)
        let taker = try Self.client(
            driven,
            Wire.connect("taker"),
            Wire.subscribe(["a"]),
            sendBuffer: 4096
        )
        let publisher = try Self.client(driven, Wire.connect("publisher"))
        for _ in 0..<100 {
            publisher.send(Wire.publish("a", [UInt8](repeating: 1, count: 10_000)))
            driven.settle()
        }
        let lost = try #require(Self.drops(driven)[.outputFull])
        #expect(Self.drops(driven) == [.outputFull: lost])
        _ = taker
        driven.end()
    }

    @Test("Larger than the receiver takes, and than messages may be")
    func size() throws {
        var configuration = Configuration()
        configuration.messageSizeLimit = 100
        let driven = try DrivenBroker(configuration)
        let connect = Wire.connect("taker", version: 5, packetSizeMax: 40)
        let taker = try Self.client(driven, connect, Wire.subscribe(["a"], version: 5))
        let publisher = try Self.client(driven, Wire.connect("publisher"))
        publisher.send(Wire.publish("a", [UInt8](repeating: 1, count: 60)))
        driven.settle()
        #expect(Self.drops(driven) == [.tooLarge: 1])
        publisher.send(Wire.publish("a", [UInt8](repeating: 1, count: 101), qos: 1))
        driven.settle()
        #expect(Self.drops(driven) == [.tooLarge: 2])
        _ = taker
        driven.end()
    }

    @Test("Expired before its receiver has come back")
    func expiry() throws {
        let driven = try DrivenBroker()
        try Self.leave(driven)
        _ = try Self.client(
            driven,
            Wire.connect("publisher", version: 5),
            Wire.publish("a", [1], qos: 1, version: 5, expiry: 1)
        )
        driven.advance(seconds: 5)
        driven.settle()
        let back = try Self.client(driven, Wire.connect("absent", isClean: false))
        #expect(Self.drops(driven) == [.expired: 1])
        _ = back
        driven.end()
    }

    @Test("memory_limit is reached")
    func memory() throws {
        let driven = try DrivenBroker()
        let publisher = try Self.client(driven, Wire.connect("publisher"))
        driven.configuration.memoryLimit = 1
        driven.reload()
        driven.advance(seconds: 2)
        driven.settle()
        publisher.send(Wire.publish("a", [1], qos: 1))
        driven.settle()
        #expect(Self.drops(driven) == [.memoryLimit: 1])
        driven.end()
    }

    @Test("May not be published, not be read, and not be left as a will", arguments: [true, false])
    func access(isDirect: Bool) throws {
        let hooks = RuleHooks(isDirect: isDirect)
        let driven = try DrivenBroker(hooks: hooks)
        let taker = try Self.client(driven, Wire.connect("taker"), Wire.subscribe(["a"]))
        hooks.isDenied = { kind, name in
            kind == .write && name == "denied" || kind == .read && name == "taker"
        }
        let connect = Wire.connect("denied", will: (topic: "a", qos: 0))
        let denied = try Self.client(driven, connect, Wire.publish("a", [1]))
        #expect(Self.drops(driven) == [.accessDenied: 1])
        denied.send(Wire.publish("$SYS/a", [1]))
        driven.settle()
        #expect(Self.drops(driven) == [.accessDenied: 2])
        denied.close()
        driven.settle()
        #expect(Self.drops(driven) == [.accessDenied: 2, .willDenied: 1])
        _ = try Self.client(driven, Wire.connect("publisher"), Wire.publish("a", [1]))
        #expect(Self.drops(driven) == [.accessDenied: 3, .willDenied: 1])
        _ = taker
        driven.end()
    }

    @Test("A plugin does not want it, on its way in or out")
    func plugin() throws {
        for events: HookEvents in [.messageIn, .messageOut] {
            let driven = try DrivenBroker(hooks: UnwillingHooks(events))
            let taker = try Self.client(driven, Wire.connect("taker"), Wire.subscribe(["a"]))
            _ = try Self.client(driven, Wire.connect("publisher"), Wire.publish("a", [1]))
            #expect(Self.drops(driven) == [.plugin: 1])
            _ = taker
            driven.end()
        }
    }

    @Test("The session log cannot be written")
    func disk() throws {
        let scene = try RecordedScene()
        try scene.leave("here", subscribedTo: ["a"], qos: 1)
        let publisher = try scene.client("publisher")
        scene.recorded.gate.mode = .failing
        publisher.send(Wire.publish("a", [1], qos: 1))
        let worker = scene.driven.workers[0]
        #expect(scene.recorded.turns { worker.recorder?.hasFailed == true })
        let before = worker.counters.dropped(.diskFull)
        let late = try scene.driven.connect()
        late.send(
            Wire.connect("late", version: 5) + Wire.publish("a", [1], qos: 1, version: 5)
        )
        scene.driven.settle()
        #expect(worker.counters.dropped(.diskFull) == before + 1)
        scene.end()
    }
}

/// A plugin that wants no message; used from one thread alone, hence `@unchecked Sendable`.
private final class UnwillingHooks: QuietHooks, @unchecked Sendable {
    private let wanted: HookEvents

    init(_ wanted: HookEvents) { self.wanted = wanted }

    func events(on listener: Int?) -> HookEvents { wanted }

    func ask(_ question: HookQuestion, by questionID: QuestionID) -> HookAnswer? {
        switch question {
        case .publish: .publish(.refused(.quotaExceeded))
        case .deliver(_, let deliveries): .deliver(deliveries.map { _ in .denied })
        default: preconditionFailure("it is asked about messages alone")
        }
    }
}
