// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_cjson.h: properties as JSON.

import CBrokerShims
import CMosquitto
public import CcJSON
import CommonLibrary
import Encoding

/// Describes a list as JSON.
@c(mosquitto_properties_to_json) @implementation
public func mosquitto_properties_to_json(
    _ properties: OpaquePointer!
) -> UnsafeMutablePointer<cJSON>! {
    guard properties != nil, let array = cJSON_CreateArray() else { return nil }
    for node in PropertyList(properties) {
        guard let object = cJSON_CreateObject() else {
            cJSON_Delete(array)
            return nil
        }
        // From here on the array owns the object.
        cJSON_AddItemToArray(array, object)
        guard describe(node, in: object) else {
            cJSON_Delete(array)
            return nil
        }
    }
    return array
}

/// Fills the object of one property; false when memory is short.
private func describe(_ node: PropertyNode, in object: UnsafeMutablePointer<cJSON>) -> Bool {
    guard let name = mosquitto_property_identifier_to_string(node.pointee.identifier),
        cJSON_AddStringToObject(object, "identifier", name) != nil
    else { return false }
    switch mqtt5_property(rawValue: UInt32(bitPattern: node.pointee.identifier)) {
    case MQTT_PROP_CONTENT_TYPE, MQTT_PROP_RESPONSE_TOPIC, MQTT_PROP_REASON_STRING:
        return cJSON_AddStringToObject(object, "value", node.pointee.value.bytes.v ?? emptyText)
            != nil
    case MQTT_PROP_USER_PROPERTY:
        return cJSON_AddStringToObject(object, "name", node.pointee.name.v ?? emptyText) != nil
            && cJSON_AddStringToObject(object, "value", node.pointee.value.bytes.v ?? emptyText)
                != nil
    case MQTT_PROP_CORRELATION_DATA:
        let digits = Hexadecimal.encode(node.valueBytes, letters: .uppercase)
        let hexadecimal = String(decoding: digits, as: UTF8.self)
        return cJSON_AddStringToObject(object, "value", hexadecimal) != nil
    default:
        if node.type != .byte { return true }
        return cJSON_AddNumberToObject(object, "value", Double(node.pointee.value.i8)) != nil
    }
}

/// What stands for a string without bytes; it is only read.
private var emptyText: UnsafeMutablePointer<CChar> {
    UnsafeMutablePointer(mutating: ("" as StaticString).cString)
}
