// SPDX-License-Identifier: Apache-2.0
// A descriptor with exactly one owner.

import CLinux
import Glibc

/// An open descriptor with one owner, closed when the owner goes away.
package struct OwnedDescriptor: ~Copyable, Sendable {
    /// The number the kernel knows it by.
    package let rawValue: CInt

    package init(_ rawValue: CInt) {
        self.rawValue = rawValue
    }

    deinit { _ = close(rawValue) }

    /// Gives the descriptor away without closing it.
    package consuming func release() -> CInt {
        let descriptor = rawValue
        discard self
        return descriptor
    }
}
