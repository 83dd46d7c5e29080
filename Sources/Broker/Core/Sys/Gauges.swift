// SPDX-License-Identifier: Apache-2.0
// Figures that go up and down.

import Synchronization

/// What a worker has at the moment it was asked; written by the worker, read by anyone.
package final class Gauges: Sendable {
    private let outputPackets = Atomic<Int>(0)
    private let outputBytes = Atomic<Int>(0)

    package init() {}

    /// Control packets that wait for their sockets.
    package var packetsWaiting: Int { outputPackets.load(ordering: .relaxed) }

    /// Bytes of those packets.
    package var bytesWaiting: Int { outputBytes.load(ordering: .relaxed) }

    func set(packetsWaiting: Int, bytesWaiting: Int) {
        outputPackets.store(packetsWaiting, ordering: .relaxed)
        outputBytes.store(bytesWaiting, ordering: .relaxed)
    }
}
