// SPDX-License-Identifier: Apache-2.0
// Memory for the texts of an event, as C wants them.

import Glibc

/// Copies texts with a NUL byte behind each, into memory that is used again for the next event.
final class EventText {
    private static let keptByteCount = 64 << 10

    private var memory: UnsafeMutableRawBufferPointer
    private var used = 0

    init() { memory = .allocate(byteCount: 4096, alignment: 16) }

    deinit { memory.deallocate() }

    /// Begins an event whose texts have so many bytes together, with their NUL bytes.
    func begin(_ byteCount: Int) {
        used = 0
        let isTooLarge = memory.count > Self.keptByteCount && byteCount <= Self.keptByteCount
        guard byteCount > memory.count || isTooLarge else { return }
        memory.deallocate()
        memory = .allocate(byteCount: max(4096, byteCount), alignment: 16)
    }

    /// A copy of some bytes that stays until the next event begins.
    func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer? {
        precondition(used + bytes.count < memory.count, "the event has said how much it needs")
        guard let place = memory.baseAddress.map({ $0 + used }) else { return nil }
        if let source = bytes.baseAddress { place.copyMemory(from: source, byteCount: bytes.count) }
        place.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
        used += bytes.count + 1
        return place
    }

    /// The same as a C string.
    func string(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutablePointer<CChar>? {
        copy(bytes)?.assumingMemoryBound(to: CChar.self)
    }
}
