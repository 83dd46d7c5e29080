// SPDX-License-Identifier: Apache-2.0
// The bytes of a record, field by field.

/// The bytes of a record, field by field, in memory that is used again for the next one.
package struct RecordWriter: ~Copyable {
    private var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private var count = 0

    /// Bytes there are at first.
    private static let capacityMin = 4096
    /// Bytes that are kept for the next record at most.
    private static let keptMax = 1 << 18

    package init() {
        capacity = Self.capacityMin
        memory = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit { memory.deallocate() }

    /// What was written; valid until something else is.
    package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory, count: count)
    }

    /// Begins a record.
    package mutating func begin(_ tag: UInt8) {
        if capacity > Self.keptMax {
            memory.deallocate()
            capacity = Self.capacityMin
            memory = .allocate(byteCount: capacity, alignment: 8)
        }
        count = 0
        put(tag)
    }

    private mutating func grow(to size: Int) {
        let more = max(size, 2 * capacity)
        let other = UnsafeMutableRawPointer.allocate(byteCount: more, alignment: 8)
        other.copyMemory(from: memory, byteCount: count)
        // It may have a password.
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        memory.deallocate()
        memory = other
        capacity = more
    }

    @inline(__always)
    private mutating func reserve(_ size: Int) {
        if capacity - count < size { grow(to: count + size) }
        assert(capacity - count >= size, "there is room for what is put")
    }

    /// Appends an integer in the byte order of the machine.
    package mutating func put<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer) {
        reserve(MemoryLayout<Integer>.size)
        memory.storeBytes(of: value, toByteOffset: count, as: Integer.self)
        count += MemoryLayout<Integer>.size
    }

    /// Appends a truth value.
    package mutating func put(_ value: Bool) { put(value ? UInt8(1) : 0) }

    /// Appends bytes with their number, and a NUL byte behind them that does not count.
    package mutating func put(_ value: UnsafeRawBufferPointer) {
        put(UInt32(value.count))
        reserve(value.count + 1)
        if let base = value.baseAddress {
            (memory + count).copyMemory(from: base, byteCount: value.count)
        }
        count += value.count
        put(UInt8(0))
    }

    /// Appends bytes likewise.
    package mutating func put(_ value: [UInt8]) { value.withUnsafeBytes { put($0) } }

    /// Appends a text likewise.
    package mutating func put(_ value: String) {
        var value = value
        value.withUTF8 { put(UnsafeRawBufferPointer($0)) }
    }

    /// Appends a text that may not be there.
    package mutating func put(_ value: String?) {
        put(value != nil)
        if let value { put(value) }
    }

    /// Appends bytes that may not be there.
    package mutating func put(_ value: [UInt8]?) {
        put(value != nil)
        if let value { put(value) }
    }

    /// Overwrites what was written.
    package mutating func wipe() {
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        count = 0
    }
}
