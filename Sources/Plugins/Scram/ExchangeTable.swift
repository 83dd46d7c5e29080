// SPDX-License-Identifier: Apache-2.0
// The exchanges under way, bounded in number.

import PluginSDK

/// Exchanges by client.
///
/// No event tells that a client gave up in the middle, so the table forgets the oldest exchange when it is full.
struct ExchangeTable: Sendable {
    private struct Entry {
        let serial: UInt64
        let deadline: ContinuousClock.Instant
        let exchange: ScramServer
    }

    /// How long a client may take between its two messages.
    static let patience = Duration.seconds(60)

    private let countMax: Int
    private var entries: [ClientKey: Entry] = [:]
    private var order: [(key: ClientKey, serial: UInt64)] = []
    private var head = 0
    private var serial: UInt64 = 0

    /// Creates a table for at most `countMax` exchanges.
    init(countMax: Int) {
        self.countMax = countMax
    }

    /// Whether a client has begun an exchange, however long ago.
    func contains(_ key: ClientKey) -> Bool { entries[key] != nil }

    /// The number of exchanges under way.
    var count: Int { entries.count }

    /// Puts a client's exchange into the table, in place of an earlier one.
    mutating func insert(
        _ exchange: ScramServer,
        for key: ClientKey,
        at now: ContinuousClock.Instant = .now
    ) {
        serial += 1
        entries[key] = Entry(
            serial: serial,
            deadline: now.advanced(by: Self.patience),
            exchange: exchange
        )
        order.append((key, serial))
        while entries.count > countMax { forgetOldest() }
        compact()
    }

    /// Takes a client's exchange out of the table; `nil` if there is none or it took too long.
    mutating func remove(
        _ key: ClientKey,
        at now: ContinuousClock.Instant = .now
    ) -> ScramServer? {
        guard let entry = entries.removeValue(forKey: key), now <= entry.deadline else {
            return nil
        }
        return entry.exchange
    }

    private mutating func forgetOldest() {
        guard head < order.count else { return }
        let (key, serial) = order[head]
        head += 1
        if entries[key]?.serial == serial { entries[key] = nil }
    }

    /// Drops what `order` remembers of exchanges that have ended.
    private mutating func compact() {
        guard order.count > 2 * countMax + 16 else { return }
        order = order[head...].filter { entries[$0.key]?.serial == $0.serial }
        head = 0
    }
}
