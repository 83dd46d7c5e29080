// SPDX-License-Identifier: Apache-2.0
// Plugins that publish or are told faster than they are served.

import Glibc
import MQTT
import Net
import Synchronization
import Testing

@testable import Core

@Suite("Work for and from plugins")
struct PluginBacklogTests {
    @Test("Who publishes faster than is routed waits until little is left")
    func waiting() throws {
        let backlog = try PluginBacklog()
        backlog.waitForRoom()
        let piece = 1 << 20
        let count = 40
        for _ in 0..<count { backlog.add(piece) }
        let hasGoneOn = SharedFlag()
        let thread = try Thread(named: "plugin") {
            backlog.waitForRoom()
            hasGoneOn.set()
        }
        while !backlog.hasWaiter { sched_yield() }
        for left in (0..<count).reversed() {
            if left >= 8 { #expect(!hasGoneOn.isSet) }
            backlog.remove(piece)
        }
        thread.join()
        #expect(hasGoneOn.isSet && backlog.byteCount == 0)
    }

    @Test("A reactor's thread never waits")
    func exempt() throws {
        let backlog = try PluginBacklog()
        backlog.exemptThread()
        backlog.add(1 << 30)
        backlog.waitForRoom()
        #expect(backlog.byteCount == 1 << 30)
    }

    @Test("Where much waits for the plugin thread, who comes waits for a turn there")
    func loginsWait() throws {
        let hooks = LateHooks([], Dice(seed: 1))
        hooks.isBehind = true
        let driven = try DrivenBroker(hooks: hooks)
        let peer = try driven.connect()
        peer.send(Wire.connect("honest"))
        driven.settle()
        peer.read()
        #expect(peer.received.isEmpty && hooks.waitingCount == 1)
        hooks.answer(1, through: driven.broker)
        driven.settle()
        peer.read()
        #expect(peer.packet() == [0x20, 2, 0, 0])
        driven.end()
    }
}

private final class SharedFlag: Sendable {
    private let value = Atomic<Bool>(false)

    var isSet: Bool { value.load(ordering: .acquiring) }

    func set() { value.store(true, ordering: .releasing) }
}
