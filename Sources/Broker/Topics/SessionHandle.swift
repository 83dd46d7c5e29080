// SPDX-License-Identifier: Apache-2.0
// The name of a session that every thread may hold.

/// Names a session without referring to it, so that it may be held by every thread.
///
///     63        48 47          24 23           0
///     [ reactor  ] [    slot    ] [ generation ]
///
/// A slot is used again after its session has ended; the generation tells the two apart.
package struct SessionHandle: Hashable, Sendable, BitwiseCopyable {
    /// The three fields in one word.
    package let rawValue: UInt64

    /// Takes a word that `rawValue` of another handle gave.
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Builds a handle; bits of `slot` and `generation` beyond 24 are dropped.
    package init(reactor: UInt16, slot: UInt32, generation: UInt32) {
        rawValue =
            UInt64(reactor) << 48 | UInt64(slot & 0xFF_FFFF) << 24 | UInt64(generation & 0xFF_FFFF)
    }

    /// Spelled out, as the one derived from `rawValue` is not specialised in other modules.
    @inlinable
    package static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }

    /// The reactor the session lives on.
    package var reactor: UInt16 { UInt16(truncatingIfNeeded: rawValue >> 48) }

    /// The place of the session in its reactor's registry, 24 bits.
    package var slot: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 24) & 0xFF_FFFF }

    /// How often that place had been used before, 24 bits.
    package var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue) & 0xFF_FFFF }
}
