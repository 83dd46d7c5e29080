// SPDX-License-Identifier: Apache-2.0
// The log when the disk is slow or broken, and what it has to have of each message.

import Config
import MQTT
import Net
import Persist
import Testing

@testable import Core

@Suite("Records and the disk")
struct RecordingLimitsTests {
    // MARK: CONNACK

    @Test("While the log cannot be written, who has a session is let in again")
    func resumedInFault() throws {
        let scene = try RecordedScene()
        try scene.leave("here", subscribedTo: ["a"], qos: 1)
        let publisher = try scene.client("publisher")
        scene.recorded.gate.mode = .failing
        publisher.send(Wire.publish("a", [1], qos: 1))
        let worker = scene.driven.workers[0]
        #expect(scene.recorded.turns { worker.recorder?.hasFailed == true })
        let here = try scene.driven.connect()
        here.send(Wire.connect("here", isClean: false))
        let stranger = try scene.driven.connect()
        stranger.send(Wire.connect("stranger", isClean: false))
        scene.driven.settle()
        here.read()
        stranger.read()
        #expect(here.packet() == [0x20, 2, 1, 0])
        #expect(stranger.packet() == [0x20, 2, 0, 3])
        scene.end()
    }

    @Test("Who comes back before its new session is safe waits for it, or is refused")
    func unsafeSession() throws {
        let scene = try RecordedScene()
        scene.recorded.gate.mode = .blocked
        let first = try scene.driven.connect()
        first.send(Wire.connect("new", isClean: false))
        scene.driven.settle()
        first.close()
        scene.driven.settle()
        let second = try scene.driven.connect()
        second.send(Wire.connect("new", isClean: false))
        scene.driven.settle()
        second.read()
        #expect(second.received == [], "CONNACK waits")
        scene.recorded.gate.mode = .failing
        let worker = scene.driven.workers[0]
        #expect(scene.recorded.turns { worker.recorder?.hasFailed == true })
        let third = try scene.driven.connect()
        third.send(Wire.connect("new", isClean: false))
        scene.driven.settle()
        third.read()
        #expect(third.packet() == [0x20, 2, 0, 3])
        scene.end()
    }

    // MARK: Content

    @Test(
        "A retained message that is cleared goes to absent sessions with its content",
        arguments: [true, false]
    )
    func cleared(isUpgraded: Bool) throws {
        var configuration = Configuration()
        configuration.queueQoS0Messages = !isUpgraded
        configuration.upgradeOutgoingQoS = isUpgraded
        let scene = try RecordedScene(configuration)
        try scene.leave("absent", subscribedTo: ["a"], qos: 1)
        let publisher = try scene.client("publisher")
        publisher.send(Wire.publish("a", [1], isRetained: true))
        publisher.send(Wire.publish("a", [], isRetained: true))
        scene.driven.settle()
        #expect(try scene.recorded.complaints() == [])
        #expect(try scene.recorded.afterEachFrame().last?.outgoing("absent").count == 2)
        scene.end()
    }

    @Test("Retained messages that were fetched before a checkpoint and go out after it are there")
    func fetched() throws {
        var configuration = Configuration()
        configuration.maxInflightMessages = 1
        configuration.maxQueuedMessages = 100
        let scene = try RecordedScene(configuration, checkpointAt: 100 << 10)
        let publisher = try scene.client("publisher")
        for round in 0..<5 {
            if round == 1 {
                let taker = try scene.client("taker", isClean: false)
                taker.send(Wire.subscribe(["r/#"], qos: 1))
                #expect(scene.recorded.awaitSafety())
            }
            for number in 0..<200 {
                let payload = [UInt8](repeating: UInt8(round), count: 2000)
                publisher.send(
                    Wire.publish(
                        "r/\(number)",
                        payload,
                        qos: 1,
                        identifier: UInt16(number + 1),
                        isRetained: true
                    )
                )
                scene.driven.settle()
                publisher.read()
            }
            #expect(try scene.recorded.complaints() == [])
        }
        // The walk goes on as the client acknowledges.
        let taker = try scene.client("taker", isClean: false)
        for _ in 0..<100 {
            taker.read()
            while let packet = taker.packet() {
                guard packet[0] >> 4 == 3 else { continue }
                taker.send(Wire.acknowledgement(0x40, Wire.delivery(packet).identifier))
            }
            scene.driven.settle()
        }
        #expect(try scene.recorded.complaints() == [])
        scene.end()
    }

    @Test("A QoS 0 message that many absent sessions queue is in the log once")
    func oneContent() throws {
        var configuration = Configuration()
        configuration.queueQoS0Messages = true
        let scene = try RecordedScene(configuration)
        for number in 0..<100 { try scene.leave("absent\(number)", subscribedTo: ["a"], qos: 1) }
        let before = try scene.recorded.byteCount()
        let publisher = try scene.client("publisher")
        publisher.send(Wire.publish("a", [UInt8](repeating: 1, count: 10_000)))
        scene.driven.settle()
        #expect(try scene.recorded.byteCount() - before < 20_000)
        #expect(try scene.recorded.complaints() == [])
        scene.end()
    }

    // MARK: Drops

    @Test("Messages that were sent and may not be read any more do not come back")
    func deniedAfterReturn() throws {
        let hooks = RuleHooks(isDirect: true)
        var configuration = Configuration()
        configuration.maxInflightMessages = 1000
        configuration.maxQueuedMessages = 0
        let scene = try RecordedScene(configuration, hooks: hooks)
        var taker = try scene.client("taker", isClean: false)
        taker.send(Wire.subscribe(["a"], qos: 1))
        let publisher = try scene.client("publisher")
        scene.driven.settle()
        for number in UInt16(1)...300 {
            publisher.send(Wire.publish("a", Wire.bytes(number), qos: 1, identifier: number))
        }
        scene.driven.settle()
        // In the middle: what is left moves together.
        for identifier in UInt16(2)...298 {
            taker.send(Wire.acknowledgement(0x40, 300 - identifier))
            scene.driven.settle()
        }
        taker.close()
        scene.driven.settle()
        publisher.send(Wire.publish("a", [0], qos: 1, identifier: 1))
        scene.driven.settle()
        #expect(try scene.recorded.complaints() == [])
        hooks.isDenied = { kind, name in kind == .read && name == "taker" }
        taker = try scene.client("taker", isClean: false)
        #expect(try scene.recorded.complaints() == [])
        #expect(try scene.recorded.afterEachFrame().last?.outgoing("taker") == [])
        scene.end()
    }

    // MARK: A slow disk

    @Test(
        "While the disk stands still, what must be recorded is not read without bound",
        arguments: [UInt8(0), 1]
    )
    func bounded(qos: UInt8) throws {
        let scene = try RecordedScene(bufferByteCount: 200 << 10)
        let publisher = try scene.client("publisher")
        scene.recorded.gate.mode = .blocked
        let packet = Wire.publish(
            "a",
            [UInt8](repeating: 1, count: 10_000),
            qos: qos,
            isRetained: true
        )
        var sent = 0
        var rest: [UInt8] = []
        func send(_ count: Int, isOpen: Bool) {
            for _ in 0..<count {
                if rest.isEmpty { rest = packet }
                let count = publisher.send(rest)
                rest.removeFirst(count)
                sent += count
                scene.driven.settle()
                if isOpen { #expect(scene.recorded.awaitSafety()) }
            }
        }
        send(2000, isOpen: false)
        #expect(sent < 4 << 20, "\(sent) bytes were taken")
        let stranger = try scene.driven.connect()
        stranger.send(Wire.connect("stranger", will: ("will", 1)))
        scene.driven.settle()
        stranger.read()
        #expect(stranger.received == [], "who would be recorded waits as well")
        let other = try scene.driven.connect()
        other.send(Wire.connect("other"))
        scene.driven.settle()
        other.read()
        #expect(other.packet() == [0x20, 2, 0, 0], "who needs no record does not")
        scene.recorded.gate.mode = .open
        #expect(scene.recorded.awaitSafety())
        stranger.read()
        #expect(stranger.packet() == [0x20, 2, 0, 0])
        let before = sent
        send(500, isOpen: true)
        #expect(sent > before + 4 << 20, "it goes on")
        #expect(try scene.recorded.complaints() == [])
        scene.end()
    }

    @Test("While the disk stands still, a client that comes and goes waits in the end")
    func comingAndGoing() throws {
        let bufferByteCount = 4 << 10
        let scene = try RecordedScene(bufferByteCount: bufferByteCount)
        let client = try scene.client("client", isClean: false)
        client.close()
        #expect(scene.recorded.awaitSafety())
        scene.recorded.gate.mode = .blocked
        func comeBack() throws -> Peer {
            let peer = try scene.driven.connect()
            peer.send(Wire.connect("client", isClean: false))
            scene.driven.settle()
            peer.read()
            return peer
        }
        var count = 0
        while count < 2000 {
            let peer = try comeBack()
            guard peer.packet() != nil else { break }
            peer.close()
            scene.driven.settle()
            count += 1
        }
        #expect(count > 10 && count < 2000, "it waits after \(count) times")
        let waiting = scene.driven.broker.durableFigures.log?.waitingByteCount ?? 0
        #expect(waiting > 2 * bufferByteCount && waiting < 3 * bufferByteCount, "\(waiting)")
        let last = try comeBack()
        #expect(last.received == [], "so it does again")
        scene.recorded.gate.mode = .open
        #expect(scene.recorded.awaitSafety())
        last.read()
        #expect(last.packet() == [0x20, 2, 1, 0], "and is let in when the disk goes on")
        #expect(try scene.recorded.complaints() == [])
        scene.end()
    }

    @Test("A turn that brings many large messages is handed over in parts")
    func largeTurn() throws {
        let scene = try RecordedScene()
        defer { scene.end() }
        try scene.leave("absent", subscribedTo: ["a"], qos: 1)
        let worker = scene.driven.workers[0]
        let recorder = try #require(worker.recorder)
        let payload = [UInt8](repeating: 1, count: 8 << 20)
        var most = 0
        for _ in 0..<6 {
            worker.publishInternally(
                topic: [UInt8(ascii: "a")],
                payload: payload,
                qos: 1,
                isRetained: false,
                expiryInterval: nil
            )
            most = max(most, recorder.buffer.byteCount)
        }
        #expect(most > payload.count && most < 4 * payload.count, "\(most) bytes in a frame")
        #expect(try scene.recorded.complaints() == [])
    }
}
