// SPDX-License-Identifier: Apache-2.0
// Whether the broker lives and is ready, looked at from any thread.

import Config
import Net

extension Broker {
    /// Seconds after which a reactor that is in one turn counts as stuck.
    private static let turnSecondsMax: Int64 = 10

    /// Whether no reactor is stuck in a turn.
    ///
    /// One that has nothing to do makes no turns and lives.
    ///
    /// What was kept comes back to life in turns that take as long as they take.
    var isAlive: Bool {
        guard health.phase == .running else { return true }
        let now = Clock.monotonicNanoseconds()
        return workers.allSatisfy { worker in
            guard let began = worker.turns.busySince else { return true }
            return now - began < Self.turnSecondsMax * 1_000_000_000
        }
    }

    /// Whether the broker should be sent clients.
    var readiness: BrokerHealth.Readiness {
        let limit = settings.configuration.memoryLimit
        let second = Clock.monotonicMilliseconds() / 1000
        let isOutOfMemory =
            limit > 0 && memory.isExhausted(limit: limit, at: second)
        return health.readiness(isOutOfMemory: isOutOfMemory)
    }

    /// `ready`, or why the broker should be sent no clients: `starting`, `restoring`, `stopping`,
    /// `listener_failed` or `memory_limit`.
    package var readinessWord: String { readiness.word }

    /// What those who watch a broker that is ready should know all the same, in words.
    package var warnings: [String] { readiness == .ready ? hooks?.warnings ?? [] : [] }
}
