// SPDX-License-Identifier: Apache-2.0
// What plugins know of a session.

package import Persist

/// What persistence plugins know of a session, in the word that else holds its number in the session
/// log: there is one or the other.
package struct KeptMark {
    package private(set) var rawValue: SessionNumber

    private static let kept: UInt64 = 1 << 32
    private static let will: UInt64 = 1 << 33

    init(rawValue: SessionNumber) { self.rawValue = rawValue }

    /// A session that plugins have given back.
    package init(lastEntry: UInt32, hasWill: Bool) {
        rawValue = UInt64(lastEntry) | Self.kept | (hasWill ? Self.will : 0)
    }

    /// Whether they know of it.
    var isKept: Bool {
        get { rawValue & Self.kept != 0 }
        set { rawValue = newValue ? rawValue | Self.kept : rawValue & ~Self.kept }
    }

    /// Whether they have a will of it.
    var hasWill: Bool {
        get { rawValue & Self.will != 0 }
        set { rawValue = newValue ? rawValue | Self.will : rawValue & ~Self.will }
    }

    /// A number for a further message; 1 follows the greatest.
    mutating func takeEntry() -> UInt32 {
        let last = UInt32(truncatingIfNeeded: rawValue)
        let next = last == .max ? 1 : last + 1
        rawValue = rawValue & ~0xFFFF_FFFF | UInt64(next)
        return next
    }
}

extension Session {
    /// What plugins know of it; only while there is no session log.
    var mark: KeptMark {
        get { KeptMark(rawValue: logNumber) }
        set { logNumber = newValue.rawValue }
    }
}
