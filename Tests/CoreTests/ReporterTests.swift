// SPDX-License-Identifier: Apache-2.0
// What persistence plugins are told of messages for many, and what waits for that.

import Config
import Inflight
import Net
import Testing

@testable import Core

@Suite("What plugins are told of messages for many")
struct ReporterTests {
    private struct Scene {
        let hooks: TellingHooks
        let driven: DrivenBroker
        let readers: [Peer]
        let publisher: Peer
    }

    /// Readers with lasting sessions, and whoever publishes to them.
    private func scene(atOnce: Bool, workers: Int, readers count: Int) throws -> Scene {
        let hooks = TellingHooks(atOnce: atOnce)
        let driven = try DrivenBroker(workers: workers, hooks: hooks)
        for worker in driven.workers {
            worker.report(lastNumber: 0)
            worker.fanOuts.atOnceMax = 0
            worker.fanOuts.stepMax = 1
            worker.reactor.nanoseconds = SteppingClock(step: 600_000).look
        }
        let readers = try (0..<count).map { number in
            let peer = try driven.connect(to: number % workers)
            peer.send(
                Wire.connect("reader\(number)", isClean: false) + Wire.subscribe(["wide"], qos: 1)
            )
            settle(driven, hooks)
            return peer
        }
        let publisher = try driven.connect()
        publisher.send(Wire.connect("publisher"))
        settle(driven, hooks)
        for peer in readers + [publisher] {
            peer.read()
            while peer.packet() != nil {}
        }
        return Scene(hooks: hooks, driven: driven, readers: readers, publisher: publisher)
    }

    private func settle(_ driven: DrivenBroker, _ hooks: TellingHooks) {
        repeat { driven.settle() } while hooks.tellAll(driven.broker)
    }

    /// Whoever has got the message acknowledges it at once.
    private func acknowledge(_ readers: [Peer]) {
        for reader in readers {
            reader.read()
            while let packet = reader.packet() {
                guard packet[0] & 0xF6 == 0x32 else { continue }
                let identifier = Wire.Publication(packet, version: 4).identifier
                reader.send(Wire.acknowledgement(0x40, identifier))
            }
        }
    }

    @Test(
        "It is acknowledged when all who get it have been told of, and over when all are done",
        arguments: [(true, 1), (true, 2), (false, 1), (false, 2)],
        [UInt8(1), 2]
    )
    func slices(setting: (atOnce: Bool, workers: Int), qos: UInt8) throws {
        let (atOnce, workers) = setting
        let count = 8
        let scene = try scene(atOnce: atOnce, workers: workers, readers: count)
        scene.publisher.send(Wire.publish("wide", [1], qos: qos, identifier: 9))
        if qos == 2 {
            settle(scene.driven, scene.hooks)
            scene.publisher.read()
            #expect(scene.publisher.packet() == Wire.acknowledgement(0x50, 9))
            scene.publisher.send(Wire.acknowledgement(0x62, 9))
        }
        var isAnswered = false
        for _ in 0..<200 {
            scene.driven.turn()
            _ = scene.hooks.tellAll(scene.driven.broker)
            acknowledge(scene.readers)
            scene.publisher.read()
            guard let answer = scene.publisher.packet() else { continue }
            #expect(answer == Wire.acknowledgement(qos == 1 ? 0x40 : 0x70, 9) && !isAnswered)
            isAnswered = true
            let known = scene.hooks.steps.filter { $0.kind == .added || $0.kind == .sent }
            #expect(Set(known.compactMap(\.client)).count == count, "all have been told of")
        }
        #expect(isAnswered)
        settle(scene.driven, scene.hooks)
        expectHeld(scene.hooks.steps, count)
        #expect(scene.driven.workers[0].answerHolder == nil || !atOnce || workers > 1)
        scene.driven.end()
    }

    /// While there are readers to be told of, the message is referred to.
    private func expectHeld(_ steps: [TellingHooks.Step], _ count: Int) {
        var references = 0
        var added = 0
        var ended = 0
        for step in steps {
            switch step.kind {
            case .added, .sent:
                references += 1
                added += 1
            case .held: references += 1
            case .deleted, .letGo:
                references -= 1
                ended += 1
                #expect(references > 0 || added == count, "it is over before all have it")
            default: break
            }
        }
        #expect(references == 0 && added == count && ended == count + 1)
    }
}
