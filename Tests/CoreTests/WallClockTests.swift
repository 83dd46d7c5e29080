// SPDX-License-Identifier: Apache-2.0
// The clock of the reactors and the wall clock.

import Testing

@testable import Core

@Suite("Wall clock and reactor clock")
struct WallClockTests {
    /// Milliseconds of both clocks at one moment.
    static let moments: [(reactor: Int64, wall: Int64)] = [
        (0, 1_700_000_000_000), (499, 1_700_000_000_000), (500, 1_700_000_000_000),
        (501, 1_700_000_000_000), (86_400_123, 1_700_000_000_999), (5_000, 4_000), (7_700, 100),
    ]

    @Test("Seconds come back as they went", arguments: moments)
    func expiry(moment: (reactor: Int64, wall: Int64)) {
        let clock = WallClock(reactor: moment.reactor, wall: moment.wall)
        #expect(clock.now == moment.wall / 1000)
        for second in [1, 10, 1_000_000, Int64(UInt32.max)] where second > 10 {
            let stored = clock.storedExpiry(second)
            if stored > 1 { #expect(clock.messageExpiry(stored) == second) }
        }
        #expect(clock.messageExpiry(0) == 0 && clock.storedExpiry(0) == 0)
        // Before the clock began is not never.
        #expect(clock.messageExpiry(1) >= 1)
    }

    @Test(
        "A moment is at most a second later, never earlier, and never in the future",
        arguments: moments
    )
    func moment(moment: (reactor: Int64, wall: Int64)) {
        let clock = WallClock(reactor: moment.reactor, wall: moment.wall)
        for ago in [0, 1, 999, 1000, 1001, 123_456] as [Int64] where moment.wall > ago {
            let left = moment.reactor - ago
            let restored = clock.moment(of: clock.second(at: left))
            #expect(left...left + 999 ~= restored)
            #expect(restored <= moment.reactor)
        }
        #expect(clock.moment(of: clock.now + 1000) == moment.reactor)
    }

    @Test("Seconds are the same whenever the clocks are read, and in the session log")
    func sameSeconds() throws {
        let driven = try DrivenBroker()
        let recorded = try RecordedBroker(driven, checkpointAt: 1 << 30)
        defer {
            driven.end()
            recorded.end()
        }
        let recorder = try #require(driven.workers[0].recorder)
        let earlier = WallClock()
        let peer = try driven.connect()
        peer.send(Wire.connect("c", isClean: false))
        #expect(recorded.awaitSafety())
        // Another one where the difference of the clocks is half a second, give or take.
        let stored = [earlier, WallClock()].map { $0.storedExpiry(1_000_000) }
        #expect(stored.contains(recorder.wallSecond(1_000_000)))
        for difference in [0, 1, 400, 499, 500, 600, 999] as [Int64] {
            let seconds = (0..<1000 as Range<Int64>).map { phase in
                let wall = 1_700_000_000_000 + difference + phase
                return WallClock(reactor: 5000 + phase, wall: wall).storedExpiry(100)
            }
            #expect(Set(seconds).count == 1)
        }
    }
}
