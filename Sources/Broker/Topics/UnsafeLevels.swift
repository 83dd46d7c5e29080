// SPDX-License-Identifier: Apache-2.0
// Topics and filters, cut into levels.

/// Cuts topics and filters into levels.
///
/// Invariant: keys exist only inside `withLevels`, while the bytes they point to are borrowed.
@safe
enum UnsafeLevels {
    /// With so many levels the keys take 1 KiB and stay on the stack.
    private static let onStackMax = 32

    /// Cuts a topic at its slashes and calls `body` with the levels; none for an empty topic.
    @inline(__always)  // Lets the body of each caller become one function with the cutting.
    static func withLevels<Result>(
        of topic: RawSpan,
        _ body: (UnsafeBufferPointer<UnsafeLevelKey>) -> Result
    ) -> Result {
        unsafe topic.withUnsafeBytes { bytes in
            let count = unsafe count(bytes)
            if count <= onStackMax {
                return unsafe withUnsafeTemporaryAllocation(
                    of: UnsafeLevelKey.self,
                    capacity: onStackMax
                ) { keys in
                    unsafe cut(bytes, into: keys)
                    return unsafe body(UnsafeBufferPointer(rebasing: keys[..<count]))
                }
            }
            return unsafe withUnsafeTemporaryAllocation(
                of: UnsafeLevelKey.self,
                capacity: count
            ) { keys in
                unsafe cut(bytes, into: keys)
                return unsafe body(UnsafeBufferPointer(keys))
            }
        }
    }

    private static func count(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return 0 }
        var slashes = 0
        for index in 0..<bytes.count {
            // Adds without a branch, which the compiler turns into vector code.
            slashes &+= unsafe base.load(fromByteOffset: index, as: UInt8.self) == 0x2F ? 1 : 0
        }
        return slashes + 1
    }

    /// Fills in as many keys as `count` says there are.
    private static func cut(
        _ bytes: UnsafeRawBufferPointer,
        into keys: UnsafeMutableBufferPointer<UnsafeLevelKey>
    ) {
        guard let base = bytes.baseAddress, bytes.count > 0, let first = keys.baseAddress else {
            return
        }
        let hasher = UnsafeTopicHash.process
        var key = unsafe first
        var start = 0
        for index in 0..<bytes.count
        where unsafe base.load(fromByteOffset: index, as: UInt8.self) == 0x2F {
            unsafe key.initialize(
                to: UnsafeLevelKey(base + start, count: index - start, hasher: hasher)
            )
            unsafe key += 1
            start = index + 1
        }
        assert(unsafe key - first < keys.count, "as many keys as were counted")
        unsafe key.initialize(
            to: UnsafeLevelKey(base + start, count: bytes.count - start, hasher: hasher)
        )
    }
}
