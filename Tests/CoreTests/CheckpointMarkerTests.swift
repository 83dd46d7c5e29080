// SPDX-License-Identifier: Apache-2.0
// Workers begin a checkpoint so that the cut through all of them is consistent.

import Net
import Persist
import Testing

@testable import Core

@Suite("Markers of a checkpoint")
struct CheckpointMarkerTests {
    @Test("A worker takes part in a checkpoint before it reads what another has sent behind it")
    func firstMarker() throws {
        let scene = try RecordedScene(workers: 2)
        defer { scene.end() }
        let kept = scene.name("kept", on: 1)
        try scene.leave(kept, subscribedTo: ["t"], qos: 1)
        let publisher = try scene.client(scene.name("publisher", on: 0))
        let number: UInt64 = 1 << 20
        let recorders = try scene.driven.workers.map { try #require($0.recorder) }
        // The word has come to one of them.
        recorders[0].beginCheckpoint(number, isReset: true)
        publisher.send(Wire.publish("t", Array("m".utf8), qos: 1, identifier: 1))
        for _ in 0..<5 { scene.driven.workers[0].reactor.turn() }
        for _ in 0..<5 { scene.driven.workers[1].reactor.turn() }
        #expect(recorders[1].lastCheckpoint == number)
        recorders[1].beginCheckpoint(number, isReset: true)
        scene.driven.settle()
        for recorder in recorders { recorder.endCheckpoint(number) }
        let last = try #require(try scene.recorded.afterEachFrame().last)
        #expect(last.outgoing(kept) == ["m"])
    }
}
