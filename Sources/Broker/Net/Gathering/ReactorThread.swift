// SPDX-License-Identifier: Apache-2.0
// What a reactor's thread does.

/// Makes a reactor's turns, and those of the reactors that lodge with it.
struct ReactorThread: ~Copyable {
    private let reactor: Reactor
    private let gathering: ReactorGathering
    private let key: Waker
    private var meter = LoadMeter()
    private var lodgings: [Lodging] = []

    private var isHost: Bool { reactor.index == 0 }

    init(_ reactor: Reactor, _ gathering: ReactorGathering) throws(SystemError) {
        self.reactor = reactor
        self.gathering = gathering
        key = try Waker()
    }

    /// Runs until the reactor is told to stop.
    mutating func run() {
        if isHost { gathering.open() }
        while !reactor.isStopping {
            reactor.turn(until: lodgings.reduce(.max) { min($0, $1.deadline) })
            if isHost { serveLodgers() }
            let now = lodgings.isEmpty ? reactor.turnEndedAt : Clock.monotonicNanoseconds()
            if let load = meter.note(busy: now - reactor.turnBeganAt, now: now) {
                report(load, now)
            }
        }
        guard isHost else { return }
        gathering.close()
        sendHome { _ in true }
    }

    private mutating func report(_ load: ThreadLoad, _ now: Int64) {
        if isHost {
            if gathering.hostParts(load, isAlone: lodgings.isEmpty, now: now) {
                sendHome { _ in true }
            }
        } else if gathering.considerLodging(reactor, load, key: key, now: now) {
            meter.restart(Clock.monotonicNanoseconds())
        }
    }

    // MARK: The host's side

    private mutating func serveLodgers() {
        for lodging in gathering.takeArrivals() { welcome(lodging) }
        guard !lodgings.isEmpty else { return }
        for lodging in lodgings where lodging.isReady || lodging.deadline <= reactor.now {
            lodging.isReady = false
            lodging.reactor.turn(until: 0)
        }
        // What neighbours have left with somebody is not kept for the next round.
        if reactor.isDisturbed { reactor.finishTurn() }
        for lodging in lodgings where lodging.reactor.isDisturbed { lodging.reactor.finishTurn() }
        var isAnyStopping = false
        for lodging in lodgings {
            lodging.deadline = lodging.reactor.nextDeadline()
            isAnyStopping = isAnyStopping || lodging.reactor.isStopping
        }
        if isAnyStopping { sendHome(where: \.reactor.isStopping) }
    }

    private mutating func welcome(_ lodging: Lodging) {
        do throws(SystemError) {
            try reactor.accommodate(lodging)
            lodgings.append(lodging)
            introduceNeighbours()
        } catch {
            // The kernel will not watch one reactor for another: nobody need ask again.
            gathering.close()
            lodging.end()
        }
    }

    private mutating func sendHome(where isGoing: (Lodging) -> Bool) {
        let leaving = lodgings.filter(isGoing)
        lodgings.removeAll(where: isGoing)
        introduceNeighbours()
        for lodging in leaving {
            reactor.dismiss(lodging)
            lodging.reactor.meet([])
            lodging.end()
        }
    }

    private func introduceNeighbours() {
        let all = lodgings.isEmpty ? [] : [reactor] + lodgings.map(\.reactor)
        reactor.meet(all)
        for lodging in lodgings { lodging.reactor.meet(all) }
    }
}
