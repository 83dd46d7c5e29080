// SPDX-License-Identifier: Apache-2.0
// What a reactor's thread does.

/// Makes a reactor's turns; that of the first reactor also those of the others in its group.
struct ReactorThread: ~Copyable {
    private let reactor: Reactor
    private let group: ReactorGroup
    private let ended: Waker
    private var meter = LoadMeter()
    private var members: [GroupMember] = []

    /// Whether others may share this thread.
    private var isShared: Bool { reactor.index == 0 }

    init(_ reactor: Reactor, _ group: ReactorGroup) throws(SystemError) {
        self.reactor = reactor
        self.group = group
        ended = try Waker()
    }

    /// Runs until the reactor is told to stop.
    mutating func run() {
        if isShared { group.open() }
        while !reactor.isStopping {
            reactor.turn(until: members.reduce(.max) { min($0, $1.deadline) })
            if isShared { driveMembers() }
            let now = members.isEmpty ? reactor.turnEndedAt : Clock.monotonicNanoseconds()
            if let load = meter.note(busy: now - reactor.turnBeganAt, now: now) {
                report(load, now)
            }
        }
        guard isShared else { return }
        group.close()
        release { _ in true }
    }

    private mutating func report(_ load: ThreadLoad, _ now: Int64) {
        if isShared {
            if group.splits(load, isAlone: members.isEmpty, now: now) { release { _ in true } }
        } else if group.join(reactor, load, ended: ended, now: now) {
            meter.restart(Clock.monotonicNanoseconds())
        }
    }

    // MARK: On the shared thread

    private mutating func driveMembers() {
        for member in group.takeJoining() { take(member) }
        guard !members.isEmpty else { return }
        for member in members where member.isReady || member.deadline <= reactor.now {
            member.isReady = false
            member.reactor.turn(until: 0)
        }
        // What they have left with one another is not kept for the next round.
        if reactor.isTurnRequested { reactor.finishTurn() }
        for member in members where member.reactor.isTurnRequested { member.reactor.finishTurn() }
        var isAnyStopping = false
        for member in members {
            member.deadline = member.reactor.nextDeadline()
            isAnyStopping = isAnyStopping || member.reactor.isStopping
        }
        if isAnyStopping { release(where: \.reactor.isStopping) }
    }

    private mutating func take(_ member: GroupMember) {
        do throws(SystemError) {
            try reactor.watch(member)
            members.append(member)
            coSchedule()
        } catch {
            // The kernel will not watch one reactor for another: nobody need ask again.
            group.close()
            member.release()
        }
    }

    private mutating func release(where isLeaving: (GroupMember) -> Bool) {
        let leaving = members.filter(isLeaving)
        members.removeAll(where: isLeaving)
        coSchedule()
        for member in leaving {
            reactor.unwatch(member)
            member.reactor.coSchedule(with: [])
            member.release()
        }
    }

    private func coSchedule() {
        let all = members.isEmpty ? [] : [reactor] + members.map(\.reactor)
        reactor.coSchedule(with: all)
        for member in members { member.reactor.coSchedule(with: all) }
    }
}
