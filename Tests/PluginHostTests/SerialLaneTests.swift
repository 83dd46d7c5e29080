// SPDX-License-Identifier: Apache-2.0
// The queue before the plugin thread.

import Net
import Testing

@testable import Core
@testable import PluginHost

@Suite("The plugin thread")
struct SerialLaneTests {
    /// Runs all that waits, then ends.
    private func runToEnd(_ lane: SerialLane, _ handle: (LaneRequest) -> Void) {
        lane.stop()
        lane.run(handle) { -1 }
    }

    @Test("Requests are handled in the order in which they came")
    func order() throws {
        let lane = try SerialLane()
        for serial: UInt64 in 0..<3 {
            let id = QuestionID(worker: 0, serial: serial)
            lane.enqueue(.question(.confirm(Callbacks.client), id))
        }
        var handled: [UInt64] = []
        runToEnd(lane) { request in
            if case .question(_, let id) = request { handled.append(id.serial) }
        }
        #expect(handled == [0, 1, 2])
    }

    @Test("What a request appends is handled before the lane ends")
    func appended() throws {
        let lane = try SerialLane()
        lane.enqueue(.connected(Callbacks.client))
        var count = 0
        runToEnd(lane) { request in
            count += 1
            if case .connected = request {
                lane.enqueue(.disconnected(Callbacks.client, code: 0, isOffline: false))
            }
        }
        #expect(count == 2)
    }

    @Test("A login whose client has left does not come up")
    func cancelled() throws {
        let lane = try SerialLane()
        let left = QuestionID(worker: 0, serial: 1)
        let stays = QuestionID(worker: 0, serial: 2)
        for id in [left, stays] { lane.enqueueLogin(.confirm(Callbacks.client), id) }
        #expect(lane.cancel(left))
        #expect(!lane.cancel(left), "once")
        var begun: [QuestionID] = []
        runToEnd(lane) { request in
            if case .login(_, let id) = request, lane.begins(id) { begun.append(id) }
        }
        #expect(begun == [stays])
        #expect(!lane.cancel(stays), "it has come up")
    }

    @Test("The lane is behind when more than 10,000 requests wait")
    func behind() throws {
        let lane = try SerialLane()
        for _ in 0..<10_000 { lane.enqueue(.connected(Callbacks.client)) }
        #expect(!lane.isBehind)
        lane.enqueue(.connected(Callbacks.client))
        #expect(lane.isBehind)
        runToEnd(lane) { _ in }
        #expect(!lane.isBehind)
    }
}
