// SPDX-License-Identifier: Apache-2.0
// What the keeper's thread does, again and again.

import Glibc
import Net

/// What the keeper's thread does, again and again; on that thread alone.
final class KeeperLoop {
    private let host: PluginHost
    private let keeper: PluginKeeper
    private let executable: CInt
    private var wards: [Ward] = []
    private var isEnding = false
    /// Milliseconds after which it is looked again whether plugins that publish too fast may go on.
    private static let holdMilliseconds: Int64 = 20

    init(_ host: PluginHost, _ keeper: PluginKeeper, executable: CInt) {
        self.host = host
        self.keeper = keeper
        self.executable = executable
    }

    /// Serves until it is told to end.
    func run() {
        while !isEnding {
            for order in keeper.takeOrders() { follow(order) }
            var due = Int64.max
            for ward in wards { due = min(due, ward.look(MonotonicTime.milliseconds())) }
            wards.removeAll(where: \.isOver)
            due = min(due, lookAfterHold())
            wait(until: due)
        }
    }

    /// Has workers take the answers they have left where they were, once there is room for what plugins
    /// have published; returns when to look again.
    private func lookAfterHold() -> Int64 {
        guard !host.isBehindWithPublications else {
            return MonotonicTime.milliseconds() + Self.holdMilliseconds
        }
        if host.helpers?.takeHold() == true { host.wakeWorkers() }
        return .max
    }

    private func follow(_ order: PluginKeeper.Order) {
        switch order {
        case .start(let plugin, let start):
            guard let isolated = plugin.isolated else { return }
            wards.append(Ward(plugin, isolated, host, start, executable: executable))
        case .stop(let plugin, let done):
            guard let ward = wards.first(where: { $0.plugin === plugin }) else {
                return done.wake()
            }
            ward.stop(done)
        case .end: isEnding = true
        }
    }

    private func wait(until due: Int64) {
        guard !isEnding else { return }
        var entries = [pollfd(fd: keeper.waker.rawValue, events: Int16(POLLIN), revents: 0)]
        for descriptor in wards.flatMap(\.descriptors) {
            entries.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        let time = due == .max ? -1 : CInt(clamping: max(0, due - MonotonicTime.milliseconds()))
        _ = poll(&entries, nfds_t(entries.count), time)
        if entries[0].revents != 0 { keeper.waker.clear() }
    }
}
