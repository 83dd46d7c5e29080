// SPDX-License-Identifier: Apache-2.0
// The units of a stretch of bytes that are not written yet.

/// The units of a stretch of bytes that have not been completely written.
///
/// ```
/// | unit | unit | un·it | unit |          start: where the third one begins; count: 2
///               start written
/// ```
struct UnwrittenUnits {
    /// Where the first of them begins; behind what is written when there is none.
    private(set) var start = 0
    /// How many end in the stretch.
    private(set) var count: Int

    init(count: Int) {
        precondition(count >= 0, "a stretch has no fewer than 0 units")
        self.count = count
    }

    /// Adds units at the end of the stretch.
    @inline(__always)
    mutating func add(_ more: Int) {
        count += more
    }

    /// Notes that `written` bytes at the front of `bytes` are written, not all of them.
    ///
    /// Without `units` nobody knows where they end; then they count until the last byte is written.
    mutating func advance(
        to written: Int,
        in bytes: UnsafeRawBufferPointer,
        _ units: OutputUnits?
    ) {
        assert(written < bytes.count)
        if count > 0 {
            guard let units else { return }
            while count > 0, start < written {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
                let length = units.length(rest)
                precondition(length > 0, "a unit has bytes")
                guard length <= written - start else { return }
                start += length
                count -= 1
            }
        }
        start = written
    }

    /// Notes that the whole stretch is written, which is `end` bytes long.
    @inline(__always)
    mutating func finish(at end: Int) {
        start = end
        count = 0
    }

    /// Notes that the first `offset` bytes of the stretch have been dropped.
    mutating func shift(by offset: Int) {
        assert(offset <= start)
        start -= offset
    }
}
