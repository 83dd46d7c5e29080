// SPDX-License-Identifier: Apache-2.0
// The last of many, in a ring.

import Testing

@testable import Core

@Suite("Ring of endings")
struct EndingRingTests {
    @Test("The last ones are kept, the newest first", arguments: [0, 1, 3, 10], [0, 1, 3, 4, 25])
    func last(capacity: Int, count: Int) {
        var ring = EndingRing<Int>(capacity: capacity)
        for number in 0..<count { ring.add(number) }
        #expect(ring.newestFirst == Array((0..<count).reversed().prefix(capacity)))
    }

    @Test("Another capacity keeps the newest", arguments: [0, 2, 5, 9])
    func change(capacity: Int) {
        var ring = EndingRing<Int>(capacity: 5)
        for number in 0..<8 { ring.add(number) }
        ring.setCapacity(capacity)
        #expect(ring.newestFirst == Array([7, 6, 5, 4, 3].prefix(capacity)))
        for number in 8..<20 { ring.add(number) }
        #expect(ring.newestFirst == Array((0..<20).reversed().prefix(capacity)))
    }
}
