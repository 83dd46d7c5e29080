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
}
