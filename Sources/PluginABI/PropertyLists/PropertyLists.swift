// SPDX-License-Identifier: Apache-2.0
// Encoded properties <-> lists of nodes, as C knows them.

import CBrokerShims
package import CommonLibrary
import MQTT

/// Turns encoded properties into lists of nodes.
package enum PropertyLists {
    /// A new list of the malloc family; nil for no properties.
    package static func list(_ encoded: UnsafeRawBufferPointer) -> OpaquePointer? {
        guard !encoded.isEmpty else { return nil }
        var first: PropertyNode?
        var last: PropertyNode?
        var iterator = PropertyIterator(RawSpan(_unsafeBytes: encoded))
        while let property = iterator.next() {
            guard let node = node(property, encoded) else { continue }
            if let last { last.pointee.next = node } else { first = node }
            last = node
        }
        return first.map { OpaquePointer($0) }
    }

    private static func node(
        _ property: Property,
        _ encoded: UnsafeRawBufferPointer
    ) -> PropertyNode? {
        guard let info = PropertyInfo.of(CInt(property.identifier.rawValue)),
            let node = PropertyNode.make(info)
        else { return nil }
        func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: encoded[range])
        }
        let isComplete: Bool
        switch property.value {
        case .byte(let value):
            node.pointee.value.i8 = value
            isComplete = true
        case .twoByteInteger(let value):
            node.pointee.value.i16 = value
            isComplete = true
        case .fourByteInteger(let value), .variableByteInteger(let value):
            node.pointee.value.i32 = value
            isComplete = true
        case .binary(let range), .string(let range):
            isComplete = node.setValue(slice(range))
        case .stringPair(let name, let value):
            isComplete = node.setName(slice(name)) && node.setValue(slice(value))
        }
        guard isComplete else {
            node.free()
            return nil
        }
        return node
    }

    /// Appends a property as it is on the wire (5.0 section 2.2.2.2); nothing if its kind is unknown.
    package static func append(_ node: PropertyNode, to output: inout [UInt8]) {
        guard let type = node.type else { return }
        output.append(UInt8(truncatingIfNeeded: node.pointee.identifier))
        switch type {
        case .byte: output.append(node.pointee.value.i8)
        case .int16: output.appendTwoByteInteger(node.pointee.value.i16)
        case .int32: output.appendFourByteInteger(node.pointee.value.i32)
        case .variableInteger:
            output.appendVariableByteInteger(
                min(Int(node.pointee.value.i32), VariableByteInteger.max)
            )
        case .binary, .string: append(node.valueBytes, to: &output)
        case .stringPair:
            append(node.nameBytes, to: &output)
            append(node.valueBytes, to: &output)
        }
    }

    private static func append(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        output.appendTwoByteInteger(UInt16(clamping: bytes.count))
        output.append(contentsOf: bytes)
    }
}
