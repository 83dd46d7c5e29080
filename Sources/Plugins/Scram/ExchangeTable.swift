// SPDX-License-Identifier: Apache-2.0
// The exchanges under way, bounded in number.

import PluginSDK

/// Exchanges by client.
///
/// No event tells that a client gave up in the middle, so when the table is full it forgets the oldest exchange of the
/// party that has most of them: nobody who begins many pushes others out.
struct ExchangeTable: Sendable {
    private struct Entry {
        let serial: UInt64
        let deadline: ContinuousClock.Instant
        let exchange: ScramServer
        let party: [UInt8]
    }

    /// The exchanges of one party, oldest first; some may have ended.
    private struct Line {
        var order: [(key: ClientKey, serial: UInt64)] = []
        var head = 0
        var count = 0
    }

    /// How long a client may take between its two messages.
    static let patience = Duration.seconds(60)

    private let countMax: Int
    private var entries: [ClientKey: Entry] = [:]
    private var lines: [[UInt8]: Line] = [:]
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
        of party: [UInt8] = [],
        at now: ContinuousClock.Instant = .now
    ) {
        _ = take(key)
        serial += 1
        entries[key] = Entry(
            serial: serial,
            deadline: now.advanced(by: Self.patience),
            exchange: exchange,
            party: party
        )
        lines[party, default: Line()].order.append((key, serial))
        lines[party]?.count += 1
        while entries.count > countMax { forgetOldest() }
        compact(party)
    }

    /// Takes a client's exchange out of the table; `nil` if there is none or it took too long.
    mutating func remove(
        _ key: ClientKey,
        at now: ContinuousClock.Instant = .now
    ) -> ScramServer? {
        guard let entry = take(key), now <= entry.deadline else { return nil }
        return entry.exchange
    }

    private mutating func take(_ key: ClientKey) -> Entry? {
        guard let entry = entries.removeValue(forKey: key) else { return nil }
        lines[entry.party]?.count -= 1
        if lines[entry.party]?.count == 0 { lines[entry.party] = nil }
        return entry
    }

    private mutating func forgetOldest() {
        guard let party = lines.max(by: { $0.value.count < $1.value.count })?.key else { return }
        while let line = lines[party], line.head < line.order.count {
            let (key, serial) = line.order[line.head]
            lines[party]?.head += 1
            guard entries[key]?.serial == serial else { continue }
            _ = take(key)
            return
        }
    }

    /// Drops what the order remembers of exchanges that have ended.
    private mutating func compact(_ party: [UInt8]) {
        guard let line = lines[party], line.order.count > 2 * line.count + 16 else { return }
        lines[party]?.order = line.order[line.head...]
            .filter { entries[$0.key]?.serial == $0.serial }
        lines[party]?.head = 0
    }
}
