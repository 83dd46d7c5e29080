// SPDX-License-Identifier: Apache-2.0
// How each bridge is, for whoever asks.

import Synchronization

/// What bridges say of themselves, each on its own thread; read from any.
///
/// A bridge knows its line, so that nothing is searched when it begins or ends something.
package final class BridgeBoard: Sendable {
    private struct Lines {
        /// By line; nil where it is free.
        var entries: [(status: BridgeStatus, home: Int)?] = []
        var free: [Int] = []
    }

    private let lines = Mutex(Lines())

    /// All bridges, by name.
    package var all: [BridgeStatus] {
        lines.withLock { $0.entries.compactMap { $0?.status } }.sorted { $0.name < $1.name }
    }

    /// The worker that a bridge lives on; nil if there is no such bridge.
    func home(of name: String) -> Int? {
        lines.withLock { $0.entries.first { $0?.status.name == name }??.home }
    }

    /// A bridge begins; returns its line.
    func add(_ status: BridgeStatus, home: Int) -> Int {
        lines.withLock { lines in
            if let line = lines.free.popLast() {
                lines.entries[line] = (status, home)
                return line
            }
            lines.entries.append((status, home))
            return lines.entries.count - 1
        }
    }

    /// A bridge is otherwise now.
    func change(_ line: Int, _ change: (inout BridgeStatus) -> Void) {
        lines.withLock { lines in
            guard var entry = lines.entries[line] else {
                return assertionFailure("a bridge that is no more says nothing")
            }
            change(&entry.status)
            lines.entries[line] = entry
        }
    }

    /// A bridge is no more.
    func remove(_ line: Int) {
        lines.withLock { lines in
            assert(lines.entries[line] != nil, "a bridge ends once")
            lines.entries[line] = nil
            lines.free.append(line)
        }
    }
}

extension Broker {
    /// Has a bridge connect anew, at once; false if there is no such bridge.
    package func reconnectBridge(_ name: String) -> Bool {
        guard let home = bridges.home(of: name) else { return false }
        workers[home].post { $0.bridges[name]?.reconnect() }
        return true
    }
}
