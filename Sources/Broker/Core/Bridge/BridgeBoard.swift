// SPDX-License-Identifier: Apache-2.0
// How each bridge is, for whoever asks.

import Synchronization

/// What bridges say of themselves, each on its own thread; read from any.
package final class BridgeBoard: Sendable {
    private let entries = Mutex<[(status: BridgeStatus, home: Int)]>([])

    /// All bridges, by name.
    package var all: [BridgeStatus] {
        entries.withLock { $0.map(\.status) }.sorted { $0.name < $1.name }
    }

    /// The worker that a bridge lives on; nil if there is no such bridge.
    func home(of name: String) -> Int? {
        entries.withLock { $0.first { $0.status.name == name }?.home }
    }

    func set(_ status: BridgeStatus, home: Int) {
        entries.withLock { entries in
            if let index = entries.firstIndex(where: { $0.status.name == status.name }) {
                entries[index] = (status, home)
            } else {
                entries.append((status, home))
            }
        }
    }

    /// A bridge is no more; not where one of its name lives on another worker by now.
    func remove(_ name: String, home: Int) {
        entries.withLock { $0.removeAll { $0.status.name == name && $0.home == home } }
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
