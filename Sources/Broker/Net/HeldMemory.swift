// SPDX-License-Identifier: Apache-2.0
// How much memory connections hold, exactly and at every moment.

import Synchronization

/// The bytes of all buffers that peers make the broker hold: unfinished packets, waiting output,
/// answers of the HTTP API.
///
/// Noted for each block that is allocated or freed, so a packet that finds its buffer costs nothing.
/// Any thread.
package enum HeldMemory {
    private static let total = Atomic<Int>(0)

    /// The bytes held now.
    package static var byteCount: Int { total.load(ordering: .relaxed) }

    /// Notes bytes that were allocated, or with a negative number freed.
    package static func note(_ change: Int) {
        let before = total.add(change, ordering: .relaxed).oldValue
        assert(before + change >= 0, "nothing is freed twice")
    }
}
