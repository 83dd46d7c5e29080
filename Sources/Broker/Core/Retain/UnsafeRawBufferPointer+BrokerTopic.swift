// SPDX-License-Identifier: Apache-2.0
// Tells the broker's own topics from those of its clients.

extension UnsafeRawBufferPointer {
    /// `$SYS`, as its four bytes are read.
    private static let brokerTopic = UInt32(bigEndian: 0x2453_5953)

    /// Whether a topic is one on which the broker tells about itself: it begins with `$SYS`.
    @inline(__always)
    var isOfBroker: Bool {
        assert(count == 0 || baseAddress != nil, "a topic lies somewhere")
        return count >= 4 && loadUnaligned(as: UInt32.self) == Self.brokerTopic
    }
}
