// SPDX-License-Identifier: Apache-2.0
// `autosave_interval` and `autosave_on_changes`: when the database is saved by itself.

import Config
import Core
import Net

/// When the snapshot database is to be saved by itself.
struct Autosave {
    /// Milliseconds between two looks at how much has changed.
    private static let lookInterval: Int64 = 200

    private var lastSaveAt = Clock.monotonicMilliseconds()
    private var lastChangeCount: UInt64 = 0

    /// Saves if it is time.
    mutating func saveIfDue(_ broker: Broker, _ configuration: Configuration) {
        guard configuration.persistence, configuration.autosaveInterval > 0 else { return }
        let interval = configuration.autosaveInterval
        if configuration.autosaveOnChanges {
            let count = broker.changeCount
            guard count &- lastChangeCount >= UInt64(interval) else { return }
            lastChangeCount = count
        } else {
            let now = Clock.monotonicMilliseconds()
            guard now >= lastSaveAt + Int64(interval) * 1000 else { return }
            lastSaveAt = now
        }
        broker.saver.save(broker)
    }

    /// Milliseconds until it has to look again; nil for never.
    func millisecondsToWait(_ configuration: Configuration) -> Int64? {
        guard configuration.persistence, configuration.autosaveInterval > 0 else { return nil }
        if configuration.autosaveOnChanges { return Self.lookInterval }
        let due = lastSaveAt + Int64(configuration.autosaveInterval) * 1000
        return max(0, due - Clock.monotonicMilliseconds())
    }
}
