// SPDX-License-Identifier: Apache-2.0
// Where what is known about durable state comes together.

import Synchronization

/// Keeps what workers and the saver have to tell about durable state; any thread may tell or ask.
package final class DurableCounters: Sendable {
    private let figures = Mutex(DurableFigures())

    /// What was told so far, without the session log.
    var current: DurableFigures { figures.withLock { $0 } }

    /// A worker has brought something back.
    func note(_ restored: DurableFigures.Restored) {
        figures.withLock { $0.restored += restored }
    }

    /// Everything is back, so many nanoseconds after reading has begun.
    package func noteRestoreTime(nanoseconds: Int64) {
        figures.withLock { $0.restoreNanoseconds = nanoseconds }
    }

    /// The database was saved in a second since 1970, or could not be.
    func noteSave(at second: Int64, isWritten: Bool) {
        figures.withLock { figures in
            if isWritten { figures.lastSaveAt = second } else { figures.failedSaveCount += 1 }
        }
    }
}

extension Broker {
    /// What there is to know about durable state now.
    package var durableFigures: DurableFigures {
        var figures = durable.current
        figures.log = sessionLog?.figures
        return figures
    }
}
