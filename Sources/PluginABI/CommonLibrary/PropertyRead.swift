// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_properties.h, second part: finding and copying values.

import CBrokerShims
import CMosquitto
import Glibc

/// Where a copied string goes.
public typealias StringOutput = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Finds a byte.
@c(mosquitto_property_read_byte) @implementation
public func mosquitto_property_read_byte(
    _ proplist: OpaquePointer!,
    _ identifier: CInt,
    _ value: UnsafeMutablePointer<UInt8>!,
    _ skip_first: Bool
) -> OpaquePointer! {
    let node = find(identifier, .byte, in: proplist, skip_first)
    if let node { value?.pointee = node.pointee.value.i8 }
    return node.map { OpaquePointer($0) }
}

/// Finds a two byte integer.
@c(mosquitto_property_read_int16) @implementation
public func mosquitto_property_read_int16(
    _ proplist: OpaquePointer!,
    _ identifier: CInt,
    _ value: UnsafeMutablePointer<UInt16>!,
    _ skip_first: Bool
) -> OpaquePointer! {
    let node = find(identifier, .int16, in: proplist, skip_first)
    if let node { value?.pointee = node.pointee.value.i16 }
    return node.map { OpaquePointer($0) }
}

/// Finds a four byte integer.
@c(mosquitto_property_read_int32) @implementation
public func mosquitto_property_read_int32(
    _ proplist: OpaquePointer!,
    _ identifier: CInt,
    _ value: UnsafeMutablePointer<UInt32>!,
    _ skip_first: Bool
) -> OpaquePointer! {
    let node = find(identifier, .int32, in: proplist, skip_first)
    if let node { value?.pointee = node.pointee.value.i32 }
    return node.map { OpaquePointer($0) }
}

/// Finds a variable byte integer.
@c(mosquitto_property_read_varint) @implementation
public func mosquitto_property_read_varint(
    _ proplist: OpaquePointer!,
    _ identifier: CInt,
    _ value: UnsafeMutablePointer<UInt32>!,
    _ skip_first: Bool
) -> OpaquePointer! {
    let node = find(identifier, .variableInteger, in: proplist, skip_first)
    if let node { value?.pointee = node.pointee.value.i32 }
    return node.map { OpaquePointer($0) }
}

/// Finds binary data and copies them.
@c(mosquitto_property_read_binary) @implementation
public func mosquitto_property_read_binary(
    _ proplist: OpaquePointer!,
    _ identifier: CInt,
    _ value: UnsafeMutablePointer<UnsafeMutableRawPointer?>!,
    _ len: UnsafeMutablePointer<UInt16>!,
    _ skip_first: Bool
) -> OpaquePointer! {
    guard (value == nil) == (len == nil) else { return nil }
    value?.pointee = nil
    len?.pointee = 0
    guard let node = find(identifier, .binary, in: proplist, skip_first) else { return nil }
    let bytes = node.valueBytes
    if let value: UnsafeMutablePointer<UnsafeMutableRawPointer?> = value, !bytes.isEmpty {
        guard let copy = copied(bytes) else { return nil }
        value.pointee = UnsafeMutableRawPointer(copy)
        len?.pointee = UInt16(bytes.count)
    }
    return OpaquePointer(node)
}

/// Finds a string and copies it.
@c(mosquitto_property_read_string) @implementation
public func mosquitto_property_read_string(
    _ proplist: OpaquePointer!,
    _ identifier: CInt,
    _ value: StringOutput!,
    _ skip_first: Bool
) -> OpaquePointer! {
    value?.pointee = nil
    guard let node = find(identifier, .string, in: proplist, skip_first),
        store(node.valueBytes, in: value)
    else { return nil }
    return OpaquePointer(node)
}

/// Finds a string pair and copies both parts.
@c(mosquitto_property_read_string_pair) @implementation
public func mosquitto_property_read_string_pair(
    _ proplist: OpaquePointer!,
    _ identifier: CInt,
    _ name: StringOutput!,
    _ value: StringOutput!,
    _ skip_first: Bool
) -> OpaquePointer! {
    name?.pointee = nil
    value?.pointee = nil
    guard let node = find(identifier, .stringPair, in: proplist, skip_first),
        store(node.nameBytes, in: name)
    else { return nil }
    guard store(node.valueBytes, in: value) else {
        if let name: StringOutput = name {
            mosquitto_free(name.pointee)
            name.pointee = nil
        }
        return nil
    }
    return OpaquePointer(node)
}

/// Finds the first node of an identifier, or the second.
private func find(
    _ identifier: CInt,
    _ type: PropertyType,
    in list: OpaquePointer?,
    _ skipsFirst: Bool
) -> PropertyNode? {
    guard PropertyInfo.of(identifier)?.type == type else { return nil }
    var isSkipping = skipsFirst
    for node in PropertyList(list) where node.pointee.identifier == identifier {
        if !isSkipping { return node }
        isSkipping = false
    }
    return nil
}

/// Copies bytes to an output if there is one; none give NULL; false when memory is short.
private func store(_ bytes: UnsafeRawBufferPointer, in output: StringOutput?) -> Bool {
    guard let output, !bytes.isEmpty else { return true }
    output.pointee = copied(bytes)
    return output.pointee != nil
}

private func copied(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutablePointer<CChar>? {
    bytes.baseAddress.flatMap { copyOfBytes($0, bytes.count) }
}
