// SPDX-License-Identifier: Apache-2.0
// Topics and properties of parts, in memory that is used again.

/// Puts parts together in memory that is used again and again.
enum BytesJoin {
    /// Bytes behind others; lent until the memory is used again.
    static func join(
        _ end: [UInt8],
        behind start: UnsafeRawBufferPointer,
        in memory: inout UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        let count = start.count + end.count
        makeRoom(count, in: &memory)
        memory.copyMemory(from: start)
        UnsafeMutableRawBufferPointer(rebasing: memory[start.count..<count]).copyBytes(from: end)
        return UnsafeRawBufferPointer(rebasing: memory[..<count])
    }

    private static func makeRoom(_ count: Int, in memory: inout UnsafeMutableRawBufferPointer) {
        guard memory.count < count else { return }
        memory.deallocate()
        memory = .allocate(byteCount: max(count, 256), alignment: 8)
    }

    /// The parts behind each other; lent until the memory is used again.
    static func join(
        _ prefix: [UInt8],
        _ rest: UnsafeRawBufferPointer,
        in memory: inout UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        let count = prefix.count + rest.count
        makeRoom(count, in: &memory)
        memory.copyBytes(from: prefix)
        UnsafeMutableRawBufferPointer(rebasing: memory[prefix.count..<count]).copyMemory(from: rest)
        return UnsafeRawBufferPointer(rebasing: memory[..<count])
    }
}
