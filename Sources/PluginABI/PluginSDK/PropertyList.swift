// SPDX-License-Identifier: Apache-2.0
// Linked lists of properties, as the broker has them.

/// The broker's linked lists of properties.
///
///     offset 0   next node
///     offset 8   value: integer, or pointer to bytes
///     offset 16  value: length in bytes (16 bits)
///     offset 24  name of a user property: pointer to bytes
///     offset 32  name of a user property: length in bytes (16 bits)
///     offset 40  identifier (32 bits)
///
/// All brokers share this layout; not all of them export functions to read it.
package enum PropertyList {
    /// Copies a broker's list.
    package static func read(_ list: UnsafeRawPointer?) -> [Property] {
        var properties: [Property] = []
        var cursor = list
        while let node = cursor {
            cursor = node.load(as: UnsafeRawPointer?.self)
            let number = node.load(fromByteOffset: 40, as: Int32.self)
            guard let identifier = Property.Identifier(rawValue: number) else { continue }
            properties.append(Property(identifier, value(of: identifier.wireType, in: node)))
        }
        return properties
    }

    /// Builds a broker's list, which the caller owns; `nil` for no properties.
    static func make(
        _ properties: [Property],
        host: HostFunctions
    ) throws(BrokerError) -> OpaquePointer? {
        var list: OpaquePointer?
        for property in properties {
            let code = append(property, to: &list, host: host)
            guard code == ResultCode.success.rawValue else {
                host.freeProperties(&list)
                throw BrokerError(
                    ResultCode(rawValue: code),
                    "Adding the property \(property.identifier)"
                )
            }
        }
        return list
    }

    private static func append(
        _ property: Property,
        to list: inout OpaquePointer?,
        host: HostFunctions
    ) -> CInt {
        let number = property.identifier.rawValue
        switch property.value {
        case .byte(let value): return host.addByte(&list, number, value)
        case .twoByteInteger(let value): return host.addInt16(&list, number, value)
        case .fourByteInteger(let value): return host.addInt32(&list, number, value)
        case .variableByteInteger(let value): return host.addVarint(&list, number, value)
        case .binary(let value):
            guard let length = UInt16(exactly: value.count) else {
                return ResultCode.invalid.rawValue
            }
            return value.withUnsafeBytes { host.addBinary(&list, number, $0.baseAddress, length) }
        case .string(let value): return value.withCString { host.addString(&list, number, $0) }
        case .stringPair(let name, let value):
            return name.withCString { name in
                value.withCString { host.addStringPair(&list, number, name, $0) }
            }
        }
    }

    private static func value(
        of type: Property.Identifier.WireType,
        in node: UnsafeRawPointer
    ) -> Property.Value {
        switch type {
        case .byte: .byte(node.load(fromByteOffset: 8, as: UInt8.self))
        case .twoByteInteger: .twoByteInteger(node.load(fromByteOffset: 8, as: UInt16.self))
        case .fourByteInteger: .fourByteInteger(node.load(fromByteOffset: 8, as: UInt32.self))
        case .variableByteInteger:
            .variableByteInteger(node.load(fromByteOffset: 8, as: UInt32.self))
        case .binary: .binary(Array(bytes(in: node, at: 8)))
        case .string: .string(String(decoding: bytes(in: node, at: 8), as: UTF8.self))
        case .stringPair:
            .stringPair(
                name: String(decoding: bytes(in: node, at: 24), as: UTF8.self),
                value: String(decoding: bytes(in: node, at: 8), as: UTF8.self)
            )
        }
    }

    private static func bytes(
        in node: UnsafeRawPointer,
        at offset: Int
    ) -> UnsafeRawBufferPointer {
        guard let start = node.load(fromByteOffset: offset, as: UnsafeRawPointer?.self) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        let count = node.load(fromByteOffset: offset + 8, as: UInt16.self)
        return UnsafeRawBufferPointer(start: start, count: Int(count))
    }
}
