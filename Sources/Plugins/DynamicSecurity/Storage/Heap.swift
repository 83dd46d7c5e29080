// SPDX-License-Identifier: Apache-2.0
// Giving memory back to the system.

import Glibc

/// The C heap.
enum Heap {
    private typealias Trim = @convention(c) (Int) -> Int32

    /// Returns free pages to the system, where the C library can do that.
    static func trim() {
        guard let symbol = dlsym(nil, "malloc_trim") else { return }
        _ = unsafeBitCast(symbol, to: Trim.self)(0)
    }
}
