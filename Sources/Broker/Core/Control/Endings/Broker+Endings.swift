// SPDX-License-Identifier: Apache-2.0
// Why connections have ended: of all clients, or of one.

import Config
import JSON
import MQTT

extension Broker {
    /// Endings that are told of one client.
    private static let endingsOfClientMax = 20

    /// The connections that have ended and are meant; calls `body` with the page on a thread that no
    /// client waits for.
    func listEndings(
        _ filter: ClientFilter,
        _ page: PageRequest,
        _ body: @escaping @Sendable (ListPage) -> Void
    ) {
        let countMax = settings.configuration.connectionHistory
        gather { worker, handIn in
            handIn(worker.endings.newestFirst)
        } _: { (parts: [[Ending]]) in
            let clock = WallClock()
            let last = parts.flatMap(\.self).sorted { $0.endedAt > $1.endedAt }.prefix(countMax)
            var part = ListPart()
            let rows = last.filter { filter.includes($0.identity) }.map { $0.row(clock) }
            part.total = rows.count
            part.rows = rows.filter { row in page.after.map { $0 < row.key } ?? true }
            body(ListPage(page, [part]))
        }
    }

    /// Why the last connections of a client have ended, the last one first; calls `body` likewise.
    func endings(of name: String, _ body: @escaping @Sendable ([JSONValue]) -> Void) {
        gather { worker, handIn in
            handIn(
                worker.endings.newestFirst.filter {
                    $0.identity.clientIdentifier.hasSameBytes(as: name)
                }
            )
        } _: { (parts: [[Ending]]) in
            let clock = WallClock()
            let last = parts.flatMap(\.self).sorted { $0.endedAt > $1.endedAt }
            body(
                last.prefix(Self.endingsOfClientMax).map { ending in
                    var entry = JSONMembers()
                    ending.add(to: &entry, clock)
                    return entry.object
                }
            )
        }
    }
}
