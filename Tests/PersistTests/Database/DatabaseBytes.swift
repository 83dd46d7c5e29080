// SPDX-License-Identifier: Apache-2.0
// Bytes in memory in the stead of a file.

import Glibc

/// Hands out bytes as read(2) would, some at a time.
final class DatabaseBytes {
    private let bytes: [UInt8]
    private let stepMax: Int
    private let failure: CInt?
    private var offset = 0
    /// The most room it was ever given.
    private(set) var roomMax = 0

    /// With a `failure`, that is what comes at the end.
    init(_ bytes: [UInt8], stepMax: Int = .max, failure: CInt? = nil) {
        self.bytes = bytes
        self.stepMax = stepMax
        self.failure = failure
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        roomMax = max(roomMax, buffer.count)
        let count = min(buffer.count, stepMax, bytes.count - offset)
        if count == 0, let failure {
            errno = failure
            return -1
        }
        buffer.copyBytes(from: bytes[offset..<offset + count])
        offset += count
        return count
    }
}
