// SPDX-License-Identifier: Apache-2.0
// Keeps clients that functions have handed out alive for a while.

import Core
import Synchronization

/// Keeps clients that functions have handed out to plugins alive for a while: nobody says when the
/// callback, or the thread of a plugin, is done with the handle.
final class HandleKeeper: Sendable {
    /// Clients by address, those handed out lately and those of the time before.
    private struct Entries {
        var recent: [ObjectIdentifier: ClientIdentity] = [:]
        var earlier: [ObjectIdentifier: ClientIdentity] = [:]
        var turnsAt: Int64 = 0
    }

    private static let milliseconds: Int64 = 10_000
    private let entries = Mutex(Entries())

    /// Keeps a client for ten seconds at least, twenty at most after others were kept.
    func keep(_ identity: ClientIdentity) {
        let now = MonotonicTime.milliseconds()
        let outdated = entries.withLock { entries -> [ObjectIdentifier: ClientIdentity] in
            var outdated: [ObjectIdentifier: ClientIdentity] = [:]
            if entries.turnsAt <= now {
                outdated = entries.earlier
                entries.earlier = entries.recent
                entries.recent = [:]
                entries.turnsAt = now + Self.milliseconds
            }
            entries.recent[ObjectIdentifier(identity)] = identity
            return outdated
        }
        // Freed here: what is freed may take locks of its own.
        _ = outdated
    }
}
