// SPDX-License-Identifier: Apache-2.0
// Which of several addresses a bridge connects to.

/// Which of its addresses a bridge connects to next.
///
/// After each failure or loss it is the next one, around the list. Without `round_robin` the first one is
/// the primary: while the bridge is connected to another one, that is looked for, and preferred as soon
/// as somebody answers there.
struct BridgeAddressRotation {
    /// Milliseconds from one look for the primary to the next.
    static let probeInterval: Int64 = 5000

    private let count: Int
    private let isRoundRobin: Bool
    /// The one to connect to, or connected to.
    private(set) var index = 0

    /// Begins with the first of so many.
    init(count: Int, isRoundRobin: Bool) {
        assert(count > 0, "a bridge has an address")
        self.count = count
        self.isRoundRobin = isRoundRobin
    }

    /// Whether the primary is to be looked for while the bridge is connected.
    var looksForPrimary: Bool { !isRoundRobin && index != 0 }

    /// An attempt has failed, or a connection has ended.
    mutating func noteEnd() { index = (index + 1) % count }

    /// Somebody answers at the primary address: it is the next one.
    mutating func notePrimary() {
        assert(looksForPrimary, "only who is elsewhere looks for it")
        index = 0
    }
}
