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
}
