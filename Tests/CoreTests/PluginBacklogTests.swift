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

    @Test("What plugins publish on a reactor is noted there alone, until it is taken")
    func published() throws {
        let backlog = try PluginBacklog()
        let thread = try Thread(named: "reactor") {
            #expect(!backlog.notePublished() && !backlog.takePublished())
            backlog.exemptThread()
            #expect(!backlog.takePublished())
            for _ in 0..<3 { #expect(backlog.notePublished()) }
            #expect(backlog.takePublished() && !backlog.takePublished())
            #expect(backlog.notePublished())
        }
        thread.join()
        #expect(!backlog.notePublished() && !backlog.takePublished())
    }

    @Test(
        "Who has plugins publish more than is delivered is not read from, and read from again later",
        arguments: [false, true]
    )
    func pressure(isForOne: Bool) throws {
        let publication = PluginPublication(
            topic: Array("copy".utf8),
            payload: [UInt8](repeating: 1, count: 4000),
            qos: 0,
            isRetained: true
        )
        let hooks = PublishingHooks(publication)
        let driven = try DrivenBroker(workers: 2, hooks: hooks)
        hooks.broker = driven.broker
        driven.broker.pluginBacklog.exemptThread()
        let names = (0..<100).map { "c\($0)" }
        let name = try #require(names.first { driven.broker.home(of: $0) == 1 })
        let readerNames = names.filter { driven.broker.home(of: $0) == 0 }.prefix(20)
        if isForOne { hooks.receiver = readerNames.first }
        let readers = try readerNames.map { name in
            let reader = try driven.connect()
            reader.send(Wire.connect(name) + Wire.subscribe(["copy"]))
            return reader
        }
        let publisher = try driven.connect(to: 1)
        publisher.send(Wire.connect(name))
        driven.settle()

        // Only the publisher's worker gets a turn.
        let message = Wire.publish("birth", [UInt8](repeating: 0, count: 180))
        let chunk = Array(repeating: message, count: 20).flatMap(\.self)
        let backlog = driven.broker.pluginBacklog
        for _ in 0..<300 {
            guard publisher.send(chunk) == chunk.count else { break }
            driven.workers[1].reactor.turn()
        }
        let askedCount = hooks.publishedCount
        #expect(backlog.byteCount > 2 << 20 && backlog.byteCount < 4 << 20)
        repeat {
            driven.settle()
            for reader in readers { reader.read() }
        } while driven.isReady
        #expect(backlog.byteCount == 0)
        #expect(hooks.publishedCount > askedCount + 100, "what had come meanwhile was read")
        let receivers = readers.filter { $0.received.count > publication.payload.count }
        #expect(receivers.count == (isForOne ? 1 : readers.count))
        driven.end()
    }

    @Test("A worker that never comes to the end of its mail lets go of what it has handled")
    func mail() throws {
        let driven = try DrivenBroker()
        let worker = driven.workers[0]
        worker.reactor.nanoseconds = SteppingClock(step: 40_000).look
        let counts = MailCounts()
        var mostHeld = 0
        for _ in 0..<500 {
            while counts.postedCount - counts.handledCount < 200 {
                counts.postedCount += 1
                let letter = Letter(counts)
                driven.broker.workers[0].post { _ in letter.open() }
            }
            driven.turn()
            mostHeld = max(mostHeld, counts.handledCount - counts.freedCount)
        }
        #expect(counts.handledCount > 1000)
        // At most as many as wait.
        #expect(mostHeld <= 200, "\(mostHeld) that were handled are held")
        driven.settle()
        driven.end()
        #expect(counts.freedCount == counts.postedCount)
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

/// What has become of mail; used from one thread alone, hence `@unchecked Sendable`.
private final class MailCounts: @unchecked Sendable {
    var postedCount = 0
    var handledCount = 0
    var freedCount = 0
}

/// Something a job holds.
private final class Letter: Sendable {
    private let counts: MailCounts

    init(_ counts: MailCounts) { self.counts = counts }

    func open() { counts.handledCount += 1 }

    deinit { counts.freedCount += 1 }
}
