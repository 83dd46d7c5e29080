// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_properties.h, fourth part: whole lists.

import CBrokerShims
import CMosquitto
import Glibc
import Results

/// Takes a property out of a list.
@c(mosquitto_property_remove) @implementation
public func mosquitto_property_remove(
    _ proplist: PropertyListPointer!,
    _ property: OpaquePointer!
) -> CInt {
    guard let list: PropertyListPointer = proplist, let node = propertyNode(property) else {
        return ResultCode.invalid
    }
    if propertyNode(list.pointee) == node {
        list.pointee = node.pointee.next.map { OpaquePointer($0) }
    } else {
        guard let before = PropertyList(list.pointee).first(where: { $0.pointee.next == node })
        else { return ResultCode.notFound }
        before.pointee.next = node.pointee.next
    }
    node.pointee.next = nil
    return ResultCode.success
}

/// Frees one property.
@c(mosquitto_property_free) @implementation
public func mosquitto_property_free(_ property: PropertyListPointer!) {
    guard let property: PropertyListPointer = property else { return }
    propertyNode(property.pointee)?.free()
    property.pointee = nil
}

/// Frees a list.
@c(mosquitto_property_free_all) @implementation
public func mosquitto_property_free_all(_ properties: PropertyListPointer!) {
    guard let properties: PropertyListPointer = properties else { return }
    // The iterator has gone on to the next node before this one is freed.
    for node in PropertyList(properties.pointee) { node.free() }
    properties.pointee = nil
}

/// Copies a list.
@c(mosquitto_property_copy_all) @implementation
public func mosquitto_property_copy_all(
    _ dest: PropertyListPointer!,
    _ src: OpaquePointer!
) -> CInt {
    if src == nil { return ResultCode.success }
    guard let dest: PropertyListPointer = dest else { return ResultCode.invalid }
    dest.pointee = nil
    var last: PropertyNode?
    for node in PropertyList(src) {
        guard let copy = copied(node) else {
            mosquitto_property_free_all(dest)
            return ResultCode.noMemory
        }
        if let last { last.pointee.next = copy } else { dest.pointee = OpaquePointer(copy) }
        last = copy
    }
    return ResultCode.success
}

/// Copies one node; one of unknown kind is copied as it is, it owns nothing that we know of.
private func copied(_ node: PropertyNode) -> PropertyNode? {
    let size = MemoryLayout<broker_property>.size
    guard let block: UnsafeMutableRawPointer = mosquitto_malloc(size) else { return nil }
    block.copyMemory(from: node, byteCount: size)
    let copy = block.bindMemory(to: broker_property.self, capacity: 1)
    copy.pointee.next = nil
    guard let type = node.type, [.binary, .string, .stringPair].contains(type) else { return copy }
    copy.pointee.value.bytes.v = nil
    copy.pointee.name.v = nil
    guard copy.setValue(node.valueBytes), copy.setName(node.nameBytes) else {
        copy.free()
        return nil
    }
    return copy
}

/// Whether a packet may carry a property.
@c(mosquitto_property_check_command) @implementation
public func mosquitto_property_check_command(_ command: CInt, _ identifier: CInt) -> CInt {
    PropertyInfo.of(identifier)?.isAllowed(in: command) == true
        ? ResultCode.success : ResultCode.protocolError
}

/// Checks a list for a packet.
@c(mosquitto_property_check_all) @implementation
public func mosquitto_property_check_all(_ command: CInt, _ properties: OpaquePointer!) -> CInt {
    for node in PropertyList(properties) {
        let identifier = node.pointee.identifier
        guard hasAllowedValue(node),
            mosquitto_property_check_command(command, identifier) == ResultCode.success
        else { return ResultCode.protocolError }
        if identifier == CInt(MQTT_PROP_USER_PROPERTY.rawValue) { continue }
        let rest = PropertyList(node.pointee.next.map { OpaquePointer($0) })
        if rest.contains(where: { $0.pointee.identifier == identifier }) {
            return ResultCode.duplicateProperty
        }
    }
    return ResultCode.success
}

/// Whether the value is one its identifier may have [MQTT5 section 3].
package func hasAllowedValue(_ node: PropertyNode) -> Bool {
    switch mqtt5_property(rawValue: UInt32(bitPattern: node.pointee.identifier)) {
    case MQTT_PROP_MAXIMUM_PACKET_SIZE:
        node.pointee.value.i32 != 0
    case MQTT_PROP_RECEIVE_MAXIMUM, MQTT_PROP_TOPIC_ALIAS:
        node.pointee.value.i16 != 0
    case MQTT_PROP_RESPONSE_TOPIC:
        mosquitto_pub_topic_check2(node.pointee.value.bytes.v, node.valueBytes.count)
            == ResultCode.success
    default:
        // Every property of type byte is a flag.
        node.type != .byte || node.pointee.value.i8 <= 1
    }
}
