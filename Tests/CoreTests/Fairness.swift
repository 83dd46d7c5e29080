// SPDX-License-Identifier: Apache-2.0
// One client asks for much while another one only pings.

import Net

@testable import Core

/// A broker with a clock that passes by being looked at, and a client that sends a PINGREQ before
/// each turn.
///
/// What is shared out by time is shared out by steps here: how much is done in a turn is the same on
/// every machine.
final class Fairness {
    let driven: DrivenBroker
    private let innocent: Peer
    private let clock: SteppingClock
    /// Turns in which the innocent client waited, in a row, at most.
    private(set) var longestWait = 0

    /// What was done in the turns of a load.
    struct Progress {
        var turns = 0
        /// The most that was done in one of them.
        var largest = 0
    }

    init(_ driven: DrivenBroker) throws {
        self.driven = driven
        innocent = try driven.connect()
        innocent.send(Wire.connect("innocent"))
        driven.settle()
        innocent.read()
        guard innocent.packet() != nil else { throw Failure.noConnack }
        let clock = SteppingClock()
        self.clock = clock
        for worker in driven.workers { worker.reactor.nanoseconds = clock.look }
    }

    enum Failure: Error {
        case noConnack, neverDone
    }

    /// A client that has been let in.
    func client(_ name: String, isClean: Bool = true) throws -> Peer {
        let peer = try driven.connect()
        peer.send(Wire.connect(name, isClean: isClean))
        driven.settle()
        peer.read()
        guard peer.packet() != nil else { throw Failure.noConnack }
        return peer
    }

    /// Makes turns until `isDone`, after the innocent client has pinged before each of them.
    ///
    /// `measure` says how far the load has got; before each turn `feed` may send more of it.
    func run(
        feed: () -> Void = {},
        measure: () -> Int,
        until isDone: () -> Bool
    ) throws -> Progress {
        var progress = Progress()
        var awaited = 0
        var wait = 0
        var before = measure()
        while !isDone() {
            guard progress.turns < DrivenBroker.turnsMax else { throw Failure.neverDone }
            feed()
            innocent.send(Wire.pingreq)
            awaited += 1
            driven.turn()
            progress.turns += 1
            innocent.read()
            while innocent.packet() != nil { awaited -= 1 }
            wait = awaited == 0 ? 0 : wait + 1
            longestWait = max(longestWait, wait)
            let now = measure()
            progress.largest = max(progress.largest, abs(now - before))
            before = now
        }
        return progress
    }
}

extension Peer {
    /// Sends all of it, as the kernel takes it; call the result before each turn.
    func feeding(_ bytes: [UInt8]) -> () -> Void {
        var rest = bytes[...]
        return { rest = rest.dropFirst(self.send(Array(rest.prefix(64 << 10)))) }
    }
}
