// SPDX-License-Identifier: Apache-2.0
// Packet identifiers in a row.

/// A stretch of packet identifiers: `count` of them, 65535 followed by 1.
package struct IdentifierStretch: Sendable, Equatable {
    package var first: UInt16
    package var count: Int

    package init(first: UInt16, count: Int = 1) {
        assert(first > 0 && count > 0 && count <= 65_535, "identifiers run from 1 to 65535")
        self.first = first
        self.count = count
    }

    /// The identifier at a place of the stretch.
    package subscript(index: Int) -> UInt16 {
        UInt16((Int(first) - 1 + index) % 65_535 + 1)
    }

    /// The one behind the last.
    package var next: UInt16 { self[count] }
}
