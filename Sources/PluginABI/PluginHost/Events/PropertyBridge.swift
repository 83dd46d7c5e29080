// SPDX-License-Identifier: Apache-2.0
// Encoded properties <-> lists of nodes that plugins read and write.

import CBrokerShims
import CMosquitto
import CommonLibrary
import MQTT

/// Turns encoded properties into a list and back.
enum PropertyBridge {
    /// What a list says; the intervals are not among the bytes.
    struct Encoded {
        var bytes: [UInt8] = []
        var messageExpiryInterval: UInt32?
        var willDelayInterval: UInt32 = 0
    }

    /// A new list of the malloc family; nil for no properties.
    static func list(_ encoded: UnsafeRawBufferPointer) -> OpaquePointer? {
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

    /// The command whose properties reach subscribers.
    private static let publish: CInt = 0x30

    /// The encoding of a list; what no PUBLISH may carry is left out, and topic aliases, which are the
    /// broker's own.
    ///
    /// Of properties that may be there once the first counts, and values that are none are left out:
    /// every receiver would have to close its connection [MQTT-4.13.1-1].
    static func encode(_ list: OpaquePointer?) -> Encoded {
        var result = Encoded()
        var seen: UInt64 = 0
        for node in PropertyList(list) where hasAllowedValue(node) {
            guard let type = node.type, let identifier = Self.identifier(of: node) else { continue }
            let bit: UInt64 = 1 << UInt64(identifier.rawValue)
            assert(bit != 0, "identifiers are below 64")
            switch identifier {
            case .userProperty: break
            // One to each subscription that matches; the broker's own come behind.
            case .subscriptionIdentifier:
                guard node.pointee.value.i32 != 0 else { continue }
            default:
                guard seen & bit == 0 else { continue }
                seen |= bit
            }
            switch identifier {
            case .messageExpiryInterval:
                result.messageExpiryInterval = node.pointee.value.i32
                continue
            case .willDelayInterval:
                result.willDelayInterval = node.pointee.value.i32
                continue
            case .topicAlias: continue
            default: break
            }
            guard PropertyInfo.of(node.pointee.identifier)?.isAllowed(in: publish) == true else {
                continue
            }
            result.bytes.append(UInt8(truncatingIfNeeded: node.pointee.identifier))
            switch type {
            case .byte: result.bytes.append(node.pointee.value.i8)
            case .int16: result.bytes.appendTwoByteInteger(node.pointee.value.i16)
            case .int32: result.bytes.appendFourByteInteger(node.pointee.value.i32)
            case .variableInteger:
                result.bytes.appendVariableByteInteger(
                    min(Int(node.pointee.value.i32), VariableByteInteger.max)
                )
            case .binary, .string: append(node.valueBytes, to: &result.bytes)
            case .stringPair:
                append(node.nameBytes, to: &result.bytes)
                append(node.valueBytes, to: &result.bytes)
            }
        }
        return result
    }

    /// Encoded properties of another process without what no PUBLISH may carry.
    static func checked(_ encoded: [UInt8]) -> [UInt8] {
        guard !encoded.isEmpty else { return encoded }
        var list = encoded.withUnsafeBytes { Self.list($0) }
        defer { mosquitto_property_free_all(&list) }
        return encode(list).bytes
    }

    private static func identifier(of node: PropertyNode) -> PropertyIdentifier? {
        UInt8(exactly: node.pointee.identifier).flatMap { PropertyIdentifier(rawValue: $0) }
    }

    private static func append(_ bytes: UnsafeRawBufferPointer, to result: inout [UInt8]) {
        result.appendTwoByteInteger(UInt16(clamping: bytes.count))
        result.append(contentsOf: bytes)
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
}
