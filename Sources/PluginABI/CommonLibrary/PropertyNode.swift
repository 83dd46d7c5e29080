// SPDX-License-Identifier: Apache-2.0
// The memory behind `mosquitto_property`.

package import CBrokerShims
import CMosquitto
import Glibc

/// One property in a list; the layout is shared with plugins that carry their own accessors.
package typealias PropertyNode = UnsafeMutablePointer<broker_property>

/// How a value is encoded (`MQTT_PROP_TYPE_*`).
package enum PropertyType: UInt8 {
    case byte = 1
    case int16, int32, variableInteger, binary, string, stringPair
}

/// Views an opaque list pointer as its first node.
package func propertyNode(_ list: OpaquePointer?) -> PropertyNode? {
    list.map { PropertyNode($0) }
}

extension UnsafeMutablePointer where Pointee == broker_property {
    /// The type by the identifier: nodes made by plugins of 2.0 do not carry it.
    package var type: PropertyType? { PropertyInfo.of(pointee.identifier)?.type }

    /// Makes a node of the malloc family with everything zero but its kind; nil when memory is short.
    package static func make(_ info: PropertyInfo) -> PropertyNode? {
        let size = MemoryLayout<broker_property>.size
        guard let block: UnsafeMutableRawPointer = mosquitto_calloc(1, size) else { return nil }
        let node = block.bindMemory(to: broker_property.self, capacity: 1)
        node.pointee.identifier = info.identifier
        node.pointee.property_type = info.type.rawValue
        return node
    }

    /// Frees this node alone.
    package func free() {
        switch type {
        case .binary, .string:
            mosquitto_free(pointee.value.bytes.v)
        case .stringPair:
            mosquitto_free(pointee.value.bytes.v)
            mosquitto_free(pointee.name.v)
        default:
            break
        }
        mosquitto_free(self)
    }

    /// Copies bytes into the value, allocating nothing for none; false when memory is short.
    package func setValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !bytes.isEmpty, let start = bytes.baseAddress else { return true }
        pointee.value.bytes.v = copyOfBytes(start, bytes.count)
        pointee.value.bytes.len = UInt16(clamping: bytes.count)
        return pointee.value.bytes.v != nil
    }

    /// Copies bytes into the name, allocating nothing for none; false when memory is short.
    package func setName(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !bytes.isEmpty, let start = bytes.baseAddress else { return true }
        pointee.name.v = copyOfBytes(start, bytes.count)
        pointee.name.len = UInt16(clamping: bytes.count)
        return pointee.name.v != nil
    }

    /// The bytes of a binary, string or string pair value.
    package var valueBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: pointee.value.bytes.v,
            count: pointee.value.bytes.v == nil ? 0 : Int(pointee.value.bytes.len)
        )
    }

    /// The bytes of the name of a string pair.
    package var nameBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: pointee.name.v,
            count: pointee.name.v == nil ? 0 : Int(pointee.name.len)
        )
    }

    /// Size of the encoded property in bytes [MQTT5 section 2.2.2].
    var encodedSize: Int {
        switch type {
        case .byte: 2
        case .int16: 3
        case .int32: 5
        case .variableInteger: 1 + Int(mosquitto_varint_bytes(pointee.value.i32))
        case .binary, .string: 3 + valueBytes.count
        case .stringPair: 5 + nameBytes.count + valueBytes.count
        case nil: 0
        }
    }
}

/// The nodes of a list, first to last.
package struct PropertyList: Sequence, IteratorProtocol {
    private var current: PropertyNode?

    package init(_ list: OpaquePointer?) {
        current = propertyNode(list)
    }

    package mutating func next() -> PropertyNode? {
        defer { current = current?.pointee.next }
        return current
    }
}
