// SPDX-License-Identifier: Apache-2.0
// Work that is too long for one turn of a reactor.

import Net

/// Pieces of long work that take turns, with a share of each turn for all of them together.
///
/// However many there are, nobody on the reactor waits longer than for one share and one step.
final class SlicedWork {
    /// A step takes a small part of a share and says whether the work is done.
    typealias Step = () -> Bool

    /// A step as it is kept: an array of functions would put another one around each function that
    /// is taken out and put back.
    private struct Piece {
        let step: Step
    }

    /// The memory of so many pieces is kept between turns.
    private static let keptCountMax = 64

    private unowned let worker: Worker
    private var pieces: [Piece] = []
    /// Those of a round under way; empty between turns, and kept for its memory.
    private var round: [Piece] = []
    private var isScheduled = false
    /// What a turn calls at its end; made once.
    private lazy var turn: () -> Void = { [unowned self] in
        isScheduled = false
        run()
    }

    init(_ worker: Worker) { self.worker = worker }

    /// Goes on with `step` at the end of this turn and of the following ones until it returns true.
    func add(_ step: @escaping Step) {
        pieces.append(Piece(step: step))
        schedule()
    }

    /// Nothing is gone on with.
    func forgetAll() { pieces = [] }

    private func schedule() {
        guard !isScheduled else { return }
        isScheduled = true
        worker.postpone(turn)
    }

    private func run() {
        let reactor = worker.reactor
        let end = reactor.nanoseconds() + reactor.slice
        repeat {
            assert(round.isEmpty, "one round at a time")
            swap(&round, &pieces)
            var position = 0
            while position < round.count {
                let piece = round[position]
                if !piece.step() { pieces.append(piece) }
                position += 1
                if reactor.nanoseconds() >= end { break }
            }
            // Who has not had a step in this round comes first in the next one.
            if position < round.count { pieces.insert(contentsOf: round[position...], at: 0) }
            round.removeAll(keepingCapacity: round.count <= Self.keptCountMax)
        } while !pieces.isEmpty && reactor.nanoseconds() < end
        if !pieces.isEmpty { schedule() }
    }
}
