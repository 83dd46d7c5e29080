// SPDX-License-Identifier: Apache-2.0
// The send window against a naive one: random operations, the same answers.

import Inflight
import Testing

@Suite("SendWindow against a model")
struct SendWindowModelTests {
    @Test(
        "Random operations have the same effect as on a plain array",
        arguments: [UInt64(1), 2, 3, 4, 5, 6, 7, 8]
    )
    func random(seed: UInt64) {
        var run = SendWindowRun(seed: seed, inFlightMax: [1, 3, 20, 0xFFFF][Int(seed % 4)])
        for _ in 0..<4000 { run.step() }
    }

    @Test("An unanswered message costs nothing but its own place")
    func oldest() {
        let window = SendWindow()
        let limits = SendLimits(
            inFlightMax: 0xFFFF,
            inFlightBytesMax: .max,
            queuedMax: .max,
            queuedBytesMax: .max
        )
        // Once around all identifiers, the first message never acknowledged.
        for round in 0..<70_000 {
            _ = window.queue(byteCount: 10, qos: 1)
            guard case .publish(let place, false) = window.next(limits) else {
                Issue.record("message \(round) must go out")
                return
            }
            let identifier = window.begin(place, qos: 1)
            verify(identifier != 0)
            guard round > 0 else { continue }
            verify(identifier != 1, "the first message still has its identifier")
            guard case .ended = window.acknowledgePuback(identifier) else {
                Issue.record("message \(round) must end")
                return
            }
            if window.isSparse { window.compact { _, _ in } }
            verify(window.places.count < 100)
        }
        verify(window.count == 1)
        let oldest = window.places.lowerBound
        verify(window.acknowledgePuback(1) == .ended(place: oldest))
        verify(window.isEmpty)
    }

    @Test("Acknowledgements in reverse order are found at once", arguments: [UInt8(1), 2])
    func reverse(qos: UInt8) {
        let window = SendWindow()
        let limits = SendLimits(
            inFlightMax: 0xFFFF,
            inFlightBytesMax: .max,
            queuedMax: .max,
            queuedBytesMax: .max
        )
        for _ in 0..<60_000 {
            _ = window.queue(byteCount: 1, qos: qos)
            if case .publish(let place, _) = window.next(limits) {
                _ = window.begin(place, qos: qos)
            }
        }
        for identifier in (1...UInt16(60_000)).reversed() {
            if qos == 2 {
                verify(window.acknowledgePubrec(identifier, isError: false) == .released)
            }
            let answer =
                qos == 1
                ? window.acknowledgePuback(identifier) : window.acknowledgePubcomp(identifier)
            guard case .ended = answer else {
                Issue.record("\(identifier) must end")
                return
            }
            if window.isSparse { window.compact { _, _ in } }
        }
        verify(window.isEmpty && window.inFlightByteCount == 0)
    }
}
