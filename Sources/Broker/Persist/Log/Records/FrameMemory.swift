// SPDX-License-Identifier: Apache-2.0
// Memory with a frame in it.

/// Raw memory with a frame in it, on its way from a reactor to the writer and back.
///
/// `@unchecked Sendable`: it has one owner at a time, who hands it over through the writer's lock.
struct FrameMemory: @unchecked Sendable {
    var base: UnsafeMutableRawPointer
    var capacity: Int
    /// Bytes in use, the frame's head included.
    var count = LogFrameHead.byteCount

    init(capacity: Int) {
        precondition(capacity >= LogFrameHead.byteCount, "there is room for a head")
        base = .allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    /// Gives the memory back.
    func free() { base.deallocate() }

    /// Makes room by doubling.
    mutating func grow(by byteCount: Int) {
        var wanted = capacity * 2
        while wanted - count < byteCount { wanted *= 2 }
        let place = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        place.copyMemory(from: base, byteCount: count)
        base.deallocate()
        base = place
        capacity = wanted
    }
}
