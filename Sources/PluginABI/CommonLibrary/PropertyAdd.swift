// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_properties.h, first part: adding to a list.

import CBrokerShims
import CMosquitto
import Glibc
import Results

/// The variable that holds a list.
public typealias PropertyListPointer = UnsafeMutablePointer<OpaquePointer?>

private let variableIntegerMax: UInt32 = 268_435_455

/// Appends a byte.
@c(mosquitto_property_add_byte) @implementation
public func mosquitto_property_add_byte(
    _ proplist: PropertyListPointer!,
    _ identifier: CInt,
    _ value: UInt8
) -> CInt {
    append(to: proplist, identifier, .byte) { $0.pointee.value.i8 = value }
}

/// Appends a two byte integer.
@c(mosquitto_property_add_int16) @implementation
public func mosquitto_property_add_int16(
    _ proplist: PropertyListPointer!,
    _ identifier: CInt,
    _ value: UInt16
) -> CInt {
    append(to: proplist, identifier, .int16) { $0.pointee.value.i16 = value }
}

/// Appends a four byte integer.
@c(mosquitto_property_add_int32) @implementation
public func mosquitto_property_add_int32(
    _ proplist: PropertyListPointer!,
    _ identifier: CInt,
    _ value: UInt32
) -> CInt {
    append(to: proplist, identifier, .int32) { $0.pointee.value.i32 = value }
}

/// Appends a variable byte integer.
@c(mosquitto_property_add_varint) @implementation
public func mosquitto_property_add_varint(
    _ proplist: PropertyListPointer!,
    _ identifier: CInt,
    _ value: UInt32
) -> CInt {
    guard value <= variableIntegerMax else { return ResultCode.invalid }
    return append(to: proplist, identifier, .variableInteger) { $0.pointee.value.i32 = value }
}

/// Appends binary data.
@c(mosquitto_property_add_binary) @implementation
public func mosquitto_property_add_binary(
    _ proplist: PropertyListPointer!,
    _ identifier: CInt,
    _ value: UnsafeRawPointer!,
    _ len: UInt16
) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : Int(len))
    return appendBytes(to: proplist, identifier, .binary, name: nil, value: bytes)
}

/// Appends a string.
@c(mosquitto_property_add_string) @implementation
public func mosquitto_property_add_string(
    _ proplist: PropertyListPointer!,
    _ identifier: CInt,
    _ value: UnsafePointer<CChar>!
) -> CInt {
    let text = textBytes(value)
    return appendBytes(to: proplist, identifier, .string, name: nil, value: text)
}

/// Appends a string pair.
///
/// Unlike 2.1.2 it checks the value as well: the broker sends it on, and a
/// receiver must close the connection on malformed UTF-8 [MQTT-1.5.7-1].
@c(mosquitto_property_add_string_pair) @implementation
public func mosquitto_property_add_string_pair(
    _ proplist: PropertyListPointer!,
    _ identifier: CInt,
    _ name: UnsafePointer<CChar>!,
    _ value: UnsafePointer<CChar>!
) -> CInt {
    let (name, value) = (textBytes(name), textBytes(value))
    return appendBytes(to: proplist, identifier, .stringPair, name: name, value: value)
}

/// Views an optional string as bytes, none for NULL.
private func textBytes(_ text: UnsafePointer<CChar>?) -> UnsafeRawBufferPointer {
    text.map(bytes(of:)) ?? UnsafeRawBufferPointer(start: nil, count: 0)
}

/// Appends a node of counted bytes; strings are checked, binary data are not.
private func appendBytes(
    to list: PropertyListPointer?,
    _ identifier: CInt,
    _ type: PropertyType,
    name: UnsafeRawBufferPointer?,
    value: UnsafeRawBufferPointer
) -> CInt {
    for text in [name, value].compactMap(\.self) {
        if text.count > Int(UInt16.max) { return ResultCode.invalid }
        if type != .binary && !isAcceptableUTF8(text) { return ResultCode.malformedUTF8 }
    }
    var isShortOfMemory = false
    let result = append(to: list, identifier, type) { node in
        let hasName = name.map(node.setName) ?? true
        isShortOfMemory = !hasName || !node.setValue(value)
    }
    guard result == ResultCode.success, isShortOfMemory, let list else { return result }
    removeLast(from: list)
    return ResultCode.noMemory
}

/// Appends a node that `fill` completes.
private func append(
    to list: PropertyListPointer?,
    _ identifier: CInt,
    _ type: PropertyType,
    fill: (PropertyNode) -> Void
) -> CInt {
    guard let list, let info = PropertyInfo.of(identifier), info.type == type else {
        return ResultCode.invalid
    }
    guard let node = PropertyNode.make(info) else { return ResultCode.noMemory }
    fill(node)
    // Other than what a server has sent: lists of programs are sent as a whole.
    node.pointee.client_generated = true
    if let last = PropertyList(list.pointee).last {
        last.pointee.next = node
    } else {
        list.pointee = OpaquePointer(node)
    }
    return ResultCode.success
}

/// Takes the last node out again and frees it.
private func removeLast(from list: PropertyListPointer) {
    guard let last = PropertyList(list.pointee).last else { return }
    _ = mosquitto_property_remove(list, OpaquePointer(last))
    last.free()
}

extension PropertyList {
    /// The last node, which new ones are hung behind.
    fileprivate var last: PropertyNode? {
        var found: PropertyNode?
        for node in self { found = node }
        return found
    }
}
