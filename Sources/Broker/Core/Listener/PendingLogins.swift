// SPDX-License-Identifier: Apache-2.0
// Logins that nobody has decided about yet, by where they come from.

package import Net
import Synchronization

/// Counts logins under way by network (`max_pending_logins`): what one address can have plugins
/// and their hash workers do at a time is bounded.
///
/// Shared by all workers.
package final class PendingLogins: Sendable {
    private let counts = Mutex<[PeerNetwork: Int]>([:])

    package init() {}

    /// A place for one login, taken until it is released.
    package final class Place: Sendable {
        private let owner: PendingLogins
        private let network: PeerNetwork

        fileprivate init(_ owner: PendingLogins, _ network: PeerNetwork) {
            self.owner = owner
            self.network = network
        }

        deinit { owner.leave(network) }
    }

    /// What came of asking for a place.
    package enum Entry {
        /// A place; nil where nothing is counted.
        case entered(Place?)
        /// There are `limit` logins of that network already; nothing was counted.
        case full
    }

    /// Counts a login, unless `limit` is 0 or the peer has no network.
    package func enter(from peer: PeerAddress, limit: Int) -> Entry {
        guard limit > 0, let network = PeerNetwork(peer) else { return .entered(nil) }
        let isEntered = counts.withLock { counts in
            let count = counts[network, default: 0]
            guard count < limit else { return false }
            counts[network] = count + 1
            return true
        }
        return isEntered ? .entered(Place(self, network)) : .full
    }

    /// Logins of a peer's network that are under way.
    package func count(from peer: PeerAddress) -> Int {
        guard let network = PeerNetwork(peer) else { return 0 }
        return counts.withLock { $0[network] ?? 0 }
    }

    private func leave(_ network: PeerNetwork) {
        counts.withLock { counts in
            guard let count = counts[network] else {
                assertionFailure("a place is left once, by who has taken it")
                return
            }
            counts[network] = count == 1 ? nil : count - 1
        }
    }
}
