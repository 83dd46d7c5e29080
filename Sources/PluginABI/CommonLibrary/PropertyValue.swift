// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_properties.h, third part: one property, walking, sizes and names.

import CBrokerShims
import CMosquitto
import Glibc
import Results

/// The identifier.
@c(mosquitto_property_identifier) @implementation
public func mosquitto_property_identifier(_ property: OpaquePointer!) -> CInt {
    propertyNode(property)?.pointee.identifier ?? 0
}

/// The type.
@c(mosquitto_property_type) @implementation
public func mosquitto_property_type(_ property: OpaquePointer!) -> CInt {
    CInt(propertyNode(property)?.type?.rawValue ?? 0)
}

/// The next property of the list.
@c(mosquitto_property_next) @implementation
public func mosquitto_property_next(_ proplist: OpaquePointer!) -> OpaquePointer! {
    propertyNode(proplist)?.pointee.next.map { OpaquePointer($0) }
}

/// The value of a byte.
@c(mosquitto_property_byte_value) @implementation
public func mosquitto_property_byte_value(_ property: OpaquePointer!) -> UInt8 {
    node(property, .byte)?.pointee.value.i8 ?? 0
}

/// The value of a two byte integer.
@c(mosquitto_property_int16_value) @implementation
public func mosquitto_property_int16_value(_ property: OpaquePointer!) -> UInt16 {
    node(property, .int16)?.pointee.value.i16 ?? 0
}

/// The value of a four byte integer.
@c(mosquitto_property_int32_value) @implementation
public func mosquitto_property_int32_value(_ property: OpaquePointer!) -> UInt32 {
    node(property, .int32)?.pointee.value.i32 ?? 0
}

/// The value of a variable byte integer.
@c(mosquitto_property_varint_value) @implementation
public func mosquitto_property_varint_value(_ property: OpaquePointer!) -> UInt32 {
    node(property, .variableInteger)?.pointee.value.i32 ?? 0
}

/// The bytes of binary data.
@c(mosquitto_property_binary_value) @implementation
public func mosquitto_property_binary_value(_ property: OpaquePointer!) -> UnsafeRawPointer! {
    UnsafeRawPointer(node(property, .binary)?.pointee.value.bytes.v)
}

/// The number of bytes of binary data.
@c(mosquitto_property_binary_value_length) @implementation
public func mosquitto_property_binary_value_length(_ property: OpaquePointer!) -> UInt16 {
    node(property, .binary)?.pointee.value.bytes.len ?? 0
}

/// The text of a string, or the value of a pair.
@c(mosquitto_property_string_value) @implementation
public func mosquitto_property_string_value(_ property: OpaquePointer!) -> UnsafePointer<CChar>! {
    UnsafePointer(node(property, .string, .stringPair)?.pointee.value.bytes.v)
}

/// The length of the text of a string, or of the value of a pair.
@c(mosquitto_property_string_value_length) @implementation
public func mosquitto_property_string_value_length(_ property: OpaquePointer!) -> UInt16 {
    node(property, .string, .stringPair)?.pointee.value.bytes.len ?? 0
}

/// The name of a pair.
@c(mosquitto_property_string_name) @implementation
public func mosquitto_property_string_name(_ property: OpaquePointer!) -> UnsafePointer<CChar>! {
    UnsafePointer(node(property, .stringPair)?.pointee.name.v)
}

/// The length of the name of a pair.
@c(mosquitto_property_string_name_length) @implementation
public func mosquitto_property_string_name_length(_ property: OpaquePointer!) -> UInt16 {
    node(property, .stringPair)?.pointee.name.len ?? 0
}

/// Views a property as its node if it has one of the types.
private func node(_ property: OpaquePointer?, _ types: PropertyType...) -> PropertyNode? {
    guard let node = propertyNode(property), let type = node.type, types.contains(type) else {
        return nil
    }
    return node
}

// MARK: - Names and sizes

/// The name of an identifier.
@c(mosquitto_property_identifier_to_string) @implementation
public func mosquitto_property_identifier_to_string(
    _ identifier: CInt
) -> UnsafePointer<CChar>! {
    PropertyInfo.of(identifier)?.name.cString
}

/// Identifier and type for a name.
@c(mosquitto_string_to_property_info) @implementation
public func mosquitto_string_to_property_info(
    _ propname: UnsafePointer<CChar>!,
    _ identifier: UnsafeMutablePointer<CInt>!,
    _ type: UnsafeMutablePointer<CInt>!
) -> CInt {
    guard let propname: UnsafePointer<CChar> = propname, identifier != nil, type != nil,
        let info = PropertyInfo.table.first(where: { strcasecmp($0.name.cString, propname) == 0 })
    else { return ResultCode.invalid }
    identifier.pointee = info.identifier
    type.pointee = CInt(info.type.rawValue)
    return ResultCode.success
}

/// The encoded size of one property.
@c(mosquitto_property_get_length) @implementation
public func mosquitto_property_get_length(_ property: OpaquePointer!) -> CUnsignedInt {
    CUnsignedInt(clamping: propertyNode(property)?.encodedSize ?? 0)
}

/// The encoded size of a list.
@c(mosquitto_property_get_length_all) @implementation
public func mosquitto_property_get_length_all(_ property: OpaquePointer!) -> CUnsignedInt {
    CUnsignedInt(clamping: PropertyList(property).reduce(0) { $0 + $1.encodedSize })
}

/// The encoded size of a list and its length.
@c(mosquitto_property_get_remaining_length) @implementation
public func mosquitto_property_get_remaining_length(_ props: OpaquePointer!) -> CUnsignedInt {
    let length = mosquitto_property_get_length_all(props)
    let (sum, isTooLong) = length.addingReportingOverflow(mosquitto_varint_bytes(length))
    return isTooLong ? .max : sum
}

/// The encoded size of a variable byte integer [MQTT5 section 1.5.5].
@c(mosquitto_varint_bytes) @implementation
public func mosquitto_varint_bytes(_ word: UInt32) -> CUnsignedInt {
    switch word {
    case ..<128: 1
    case ..<16_384: 2
    case ..<2_097_152: 3
    case ..<268_435_456: 4
    default: 5
    }
}
