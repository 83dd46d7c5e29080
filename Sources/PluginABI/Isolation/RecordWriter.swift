// SPDX-License-Identifier: Apache-2.0
// The bytes of a record, field by field.

/// The bytes of a record, field by field.
package struct RecordWriter: Sendable {
    /// What was written.
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// Begins a record.
    package mutating func begin(_ tag: UInt8) {
        bytes.removeAll(keepingCapacity: bytes.count <= UnsafeRing.pieceMax)
        bytes.append(tag)
    }

    /// Appends an integer in the byte order of the machine.
    package mutating func put<Integer: FixedWidthInteger>(_ value: Integer) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    /// Appends a truth value.
    package mutating func put(_ value: Bool) { bytes.append(value ? 1 : 0) }

    /// Appends bytes with their number, and a NUL byte behind them that does not count.
    package mutating func put(_ value: UnsafeRawBufferPointer) {
        put(UInt32(value.count))
        bytes.append(contentsOf: value)
        bytes.append(0)
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
        bytes.withUnsafeMutableBytes { bytes in
            for index in bytes.indices { bytes[index] = 0 }
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
