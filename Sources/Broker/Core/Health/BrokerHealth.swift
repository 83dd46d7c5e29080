// SPDX-License-Identifier: Apache-2.0
// How far the broker has come, and whether it should be sent clients.

import JSON
import Synchronization

/// What those who watch the broker ask first; any thread tells, any thread asks.
package final class BrokerHealth: Sendable {
    /// How far the broker has come; the raw values are the order.
    package enum Phase: Int, Sendable {
        /// The configuration is read, listeners are opened.
        case starting
        /// What was kept comes back to life.
        case restoring
        /// Clients are served.
        case running
        /// A signal has ended it.
        case stopping
    }

    /// Whether the broker should be sent clients.
    enum Readiness: Sendable, Equatable {
        case ready
        case starting
        /// So much of it is done, from 0 to 1.
        case restoring(done: Double)
        case stopping
        case listenerFailed
        case memoryLimit
    }

    private let phaseNumber = Atomic<Int>(Phase.starting.rawValue)
    private let listenerFailed = Atomic<Bool>(false)
    /// What is to be done, and what is done of it: for reading, then for restoring.
    private let toRead = Atomic<Int>(0)
    private let read = Atomic<Int>(0)
    private let toRestore = Atomic<Int>(0)
    private let restored = Atomic<Int>(0)
    private let isReloadGood = Atomic<Bool>(true)
    private let reloadedAt = Atomic<Int64>(0)

    init() {}

    // MARK: Told

    /// How far the broker has come.
    package var phase: Phase {
        get { Phase(rawValue: phaseNumber.load(ordering: .relaxed)) ?? .starting }
        set { phaseNumber.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// A listener that is configured takes no connections.
    package func noteListenerFailure() { listenerFailed.store(true, ordering: .relaxed) }

    /// So many bytes of what was kept have been read, of so many.
    package func noteReading(_ count: Int, of total: Int) {
        assert(0...max(0, total) ~= count, "no more is read than there is")
        read.store(count, ordering: .relaxed)
        toRead.store(total, ordering: .relaxed)
    }

    /// So many sessions and retained messages will be brought back.
    package func beginRestoring(_ count: Int) { toRestore.store(count, ordering: .relaxed) }

    /// So many more are back.
    func noteRestored(_ count: Int) { restored.add(count, ordering: .relaxed) }

    /// The configuration was read, at the start or again, in a second since 1970; or could not be.
    package func noteReload(isGood: Bool, at second: Int64) {
        isReloadGood.store(isGood, ordering: .relaxed)
        if isGood { reloadedAt.store(second, ordering: .relaxed) }
    }

    // MARK: Asked

    /// Whether the last attempt to read the configuration has worked.
    var hasGoodConfiguration: Bool { isReloadGood.load(ordering: .relaxed) }

    /// The second since 1970 in which the configuration in force was read.
    var configuredAt: Int64 { reloadedAt.load(ordering: .relaxed) }

    /// How much of the restore is done, from 0 to 1: reading is the first half.
    var restoreProgress: Double {
        let total = toRestore.load(ordering: .relaxed)
        if total > 0 {
            return 0.5 + 0.5 * Self.share(restored.load(ordering: .relaxed), of: total)
        }
        return 0.5 * Self.share(read.load(ordering: .relaxed), of: toRead.load(ordering: .relaxed))
    }

    private static func share(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? min(1, max(0, Double(part) / Double(whole))) : 0
    }

    /// Whether the broker should be sent clients.
    func readiness(isOutOfMemory: Bool) -> Readiness {
        switch phase {
        case .starting: .starting
        case .restoring: .restoring(done: restoreProgress)
        case .stopping: .stopping
        case .running where listenerFailed.load(ordering: .relaxed): .listenerFailed
        case .running: isOutOfMemory ? .memoryLimit : .ready
        }
    }
}

extension BrokerHealth.Readiness {
    /// Its name outside.
    var word: String {
        switch self {
        case .ready: "ready"
        case .starting: "starting"
        case .restoring: "restoring"
        case .stopping: "stopping"
        case .listenerFailed: "listener_failed"
        case .memoryLimit: "memory_limit"
        }
    }

    /// What the body of an answer says: `{"status":"restoring","done":0.42}`, or with something to be warned
    /// of `{"status":"ready","warnings":["…"]}`.
    func text(warnings: [String] = []) -> String {
        var fields = "\"status\":\"\(word)\""
        if case .restoring(let done) = self { fields += ",\"done\":\(Self.hundredths(done))" }
        if !warnings.isEmpty {
            var list = JSONWriter(formatted: false)
            list.beginArray()
            for warning in warnings { list.string(text: warning) }
            list.endArray()
            fields += ",\"warnings\":" + String(decoding: list.bytes, as: UTF8.self)
        }
        return "{\(fields)}\n"
    }

    /// Two decimals, rounded down: what is not done is not 1.
    private static func hundredths(_ number: Double) -> String {
        let whole = Int(max(0, min(1, number)) * 100)
        return "\(whole / 100).\(whole % 100 < 10 ? "0" : "")\(whole % 100)"
    }
}
