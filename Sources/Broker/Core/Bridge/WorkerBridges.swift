// SPDX-License-Identifier: Apache-2.0
// The bridges of one worker.

import Config
import Log
import MQTT
import Net
import Topics

/// The bridges whose sessions live on one worker, and when they have something to do.
///
/// Invariant: `due` has the deadlines of `running`, which know their places.
final class WorkerBridges {
    private(set) var running: [Bridge] = []
    /// Apart from the bridges: a thousand of them are looked through in no time.
    private var due: [Int64] = []
    private var isStale = false
    /// Whose turn it is first.
    private var next = 0
    private var nextDeadline = Int64.max
    /// Which bridge each session is of, or was before the broker was started anew; by its name.
    private var names: [SessionHandle: String] = [:]

    /// When `proceed` has something to do, in milliseconds of the reactor clock.
    var deadline: Int64 {
        if isStale {
            isStale = false
            nextDeadline = due.min() ?? .max
        }
        return nextDeadline
    }

    /// The deadline of a bridge is another one.
    func noteDeadline(of bridge: Bridge) {
        guard let place = bridge.place else { return }
        due[place] = bridge.deadline
        isStale = true
    }

    /// How many bridges do what is due in one turn: clients need not wait while a thousand connect.
    private static let turnMax = 32

    /// Does what is due, or some of it; then the rest is due at once.
    func proceed(at now: Int64) {
        guard now >= deadline else { return }
        var left = Self.turnMax
        let first = next < due.count ? next : 0
        for place in [first..<due.count, 0..<first].joined() where due[place] <= now {
            running[place].proceed()
            due[place] = running[place].deadline
            left -= 1
            next = place + 1
            if left == 0 { break }
        }
        isStale = true
    }

    /// The bridge of a name.
    subscript(_ name: String) -> Bridge? { running.first { $0.configuration.name == name } }

    /// Takes a bridge in.
    func add(_ bridge: Bridge) {
        bridge.place = running.count
        running.append(bridge)
        due.append(bridge.deadline)
        isStale = true
    }

    /// Gives a bridge up.
    func remove(_ bridge: Bridge) {
        guard let place = bridge.place else { return }
        bridge.place = nil
        // The last one takes its place: thousands may go at once.
        running.swapAt(place, running.count - 1)
        due.swapAt(place, due.count - 1)
        running.removeLast()
        due.removeLast()
        if place < running.count { running[place].place = place }
        isStale = true
    }

    /// The name of the bridge that a session is of, configured or not; nil for a client's.
    func name(of session: SessionHandle) -> String? { names.isEmpty ? nil : names[session] }

    /// A session is of the bridge of that name; nil: of none.
    func setName(_ name: String?, of session: SessionHandle) {
        if name == nil, names.isEmpty { return }
        names[session] = name
    }

    /// Gives all up without a word: the broker ends.
    func forgetAll() {
        running = []
        due = []
        nextDeadline = .max
    }
}

extension Worker {
    /// Begins with the bridges whose sessions live here.
    package func startBridges() { applyBridges() }

    /// Puts the bridges of the settings in force: others end, new ones begin, changed ones are told.
    func applyBridges() {
        let wanted = settings.bridges.filter {
            broker.home(of: $0.configuration.localClientid) == index
        }
        let changes = BridgeChanges(
            from: bridges.running.map(\.configuration),
            to: wanted.map(\.configuration)
        )
        var known = Dictionary(
            uniqueKeysWithValues: bridges.running.map { ($0.configuration.name, $0) }
        )
        for configuration in changes.removed {
            if let bridge = known.removeValue(forKey: configuration.name) { remove(bridge) }
        }
        let changed = Set(changes.changed.map(\.name))
        for plan in wanted {
            let name = plan.configuration.name
            guard let bridge = known[name] else {
                bridges.add(Bridge(plan, on: self))
                continue
            }
            // What files say now counts for the next connection, whether or not options have changed.
            bridge.adopt(plan, isChanged: changed.contains(name))
        }
    }

    /// Ends a bridge and its session.
    private func remove(_ bridge: Bridge) {
        let name = bridge.configuration.name
        let handle = bridge.session?.handle
        bridge.remove()
        bridges.remove(bridge)
        if let handle, let session = sessions[handle], session.peer == nil { end(session) }
        log.notice("Bridge \(name) removed; what waited for its remote is forgotten.")
    }

    /// A session that begins without a connection.
    func makeSession(ofBridge bridge: Bridge) -> Session {
        // A bridge that is configured has its place.
        _ = broker.census.addSession(limit: 0)
        let identity = bridge.identity(at: .text("", port: 0))
        let session = Session(
            worker: self,
            handle: sessions.reserve(),
            identity: identity,
            expiryInterval: 0
        )
        sessions.insert(session)
        counters.sessionsCreated.add(1)
        session.isEstablished = true
        claim(session, for: bridge)
        return session
    }

    /// A session that is there, restored perhaps, is the bridge's.
    func claim(_ session: Session, for bridge: Bridge) {
        deadlines.set(session.handle, at: 0)
        bridges.setName(bridge.configuration.name, of: session.handle)
        session.claim(
            by: bridge.identity(at: .text("", port: 0)),
            expiryInterval: bridge.expiryInterval
        )
        if hasHooks { broker.directory.set(session) }
        // What waits before the first connection is kept as well.
        if session.isPersistent { reporter?.noteEntered(session) }
    }
}
