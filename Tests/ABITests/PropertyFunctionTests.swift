// SPDX-License-Identifier: Apache-2.0
// mosquitto/libcommon_properties.h: building, reading, checking and describing lists.

import CMosquitto
import CcJSON
import CommonJSON
import CommonLibrary
import Glibc
import TestSupport
import Testing

@Suite struct PropertyFunctionTests {
    private static let invalid = MOSQ_ERR_INVAL.rawValue
    private static let malformed = MOSQ_ERR_MALFORMED_UTF8.rawValue
    private static let protocolError = MOSQ_ERR_PROTOCOL.rawValue

    private static func id(_ property: mqtt5_property) -> CInt { CInt(property.rawValue) }

    /// A list with one property of each type.
    private func makeList() -> OpaquePointer? {
        var list: OpaquePointer?
        #expect(mosquitto_property_add_byte(&list, 1, 1) == 0)
        #expect(mosquitto_property_add_int16(&list, 35, 0x1234) == 0)
        #expect(mosquitto_property_add_int32(&list, 2, 0x1234_5678) == 0)
        #expect(mosquitto_property_add_varint(&list, 11, 268_435_455) == 0)
        #expect(mosquitto_property_add_binary(&list, 9, [0x00, 0xAB] as [UInt8], 2) == 0)
        #expect(mosquitto_property_add_string(&list, 3, "text") == 0)
        #expect(mosquitto_property_add_string_pair(&list, 38, "name", "value") == 0)
        return list
    }

    @Test("Each type is added, found and read back")
    func readsBack() {
        var list = makeList()
        defer { mosquitto_property_free_all(&list) }
        var (byte, word, long, varint) = (UInt8(0), UInt16(0), UInt32(0), UInt32(0))
        #expect(mosquitto_property_read_byte(list, 1, &byte, false) == list)
        #expect(mosquitto_property_read_int16(list, 35, &word, false) != nil)
        #expect(mosquitto_property_read_int32(list, 2, &long, false) != nil)
        #expect(mosquitto_property_read_varint(list, 11, &varint, false) != nil)
        #expect((byte, word) == (1, 0x1234))
        #expect((long, varint) == (0x1234_5678, 268_435_455))
        var data: UnsafeMutableRawPointer?
        var length: UInt16 = 0
        #expect(mosquitto_property_read_binary(list, 9, &data, &length, false) != nil)
        #expect(Array(UnsafeRawBufferPointer(start: data, count: Int(length))) == [0x00, 0xAB])
        #expect(mosquitto_property_read_binary(list, 9, &data, nil, false) == nil)
        free(data)
        var (name, value): (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?)
        #expect(mosquitto_property_read_string(list, 3, &value, false) != nil)
        #expect(value.map { String(cString: $0) } == "text")
        free(value)
        #expect(mosquitto_property_read_string_pair(list, 38, &name, &value, false) != nil)
        #expect(name.map { String(cString: $0) } == "name")
        #expect(value.map { String(cString: $0) } == "value")
        free(name)
        free(value)
        #expect(mosquitto_property_read_byte(list, 35, nil, false) == nil)
        #expect(mosquitto_property_read_byte(list, 1, nil, true) == nil)
        #expect(mosquitto_property_read_string_pair(list, 38, nil, nil, false) != nil)
    }

    @Test("Nodes have the layout that plugins with their own accessors know")
    func layout() throws {
        var list = makeList()
        defer { mosquitto_property_free_all(&list) }
        let first = UnsafeRawPointer(try #require(list))
        #expect(first.load(fromByteOffset: 8, as: UInt8.self) == 1)
        #expect(first.load(fromByteOffset: 40, as: Int32.self) == 1)
        #expect(first.load(fromByteOffset: 44, as: UInt8.self) == 1)
        let second = try #require(first.load(as: UnsafeRawPointer?.self))
        #expect(second == mosquitto_property_next(list).map { UnsafeRawPointer($0) })
        #expect(second.load(fromByteOffset: 8, as: UInt16.self) == 0x1234)
        var node = list
        while mosquitto_property_identifier(node) != 38 { node = mosquitto_property_next(node) }
        let pair = UnsafeRawPointer(try #require(node))
        let value = try #require(pair.load(fromByteOffset: 8, as: UnsafePointer<CChar>?.self))
        let name = try #require(pair.load(fromByteOffset: 24, as: UnsafePointer<CChar>?.self))
        #expect(String(cString: value) == "value")
        #expect(pair.load(fromByteOffset: 16, as: UInt16.self) == 5)
        #expect(String(cString: name) == "name")
        #expect(pair.load(fromByteOffset: 32, as: UInt16.self) == 4)
        #expect(pair.load(as: UnsafeRawPointer?.self) == nil)
    }

    @Test("Values are looked at where they are; another type gives nothing")
    func values() {
        var list = makeList()
        defer { mosquitto_property_free_all(&list) }
        var types: [CInt] = []
        var node = list
        while node != nil {
            types.append(mosquitto_property_type(node))
            let isByte = types.last == 1
            #expect(mosquitto_property_byte_value(node) == (isByte ? 1 : 0))
            #expect(mosquitto_property_int16_value(node) == (types.last == 2 ? 0x1234 : 0))
            #expect(mosquitto_property_int32_value(node) == (types.last == 3 ? 0x1234_5678 : 0))
            #expect(mosquitto_property_varint_value(node) == (types.last == 4 ? 268_435_455 : 0))
            #expect(mosquitto_property_binary_value_length(node) == (types.last == 5 ? 2 : 0))
            #expect((mosquitto_property_binary_value(node) != nil) == (types.last == 5))
            let text = mosquitto_property_string_value(node).map { String(cString: $0) }
            #expect(text == (types.last == 6 ? "text" : types.last == 7 ? "value" : nil))
            #expect(Int(mosquitto_property_string_value_length(node)) == (text ?? "").utf8.count)
            let name = mosquitto_property_string_name(node).map { String(cString: $0) }
            #expect(name == (types.last == 7 ? "name" : nil))
            #expect(mosquitto_property_string_name_length(node) == (types.last == 7 ? 4 : 0))
            node = mosquitto_property_next(node)
        }
        #expect(types == [1, 2, 3, 4, 5, 6, 7])
        #expect(mosquitto_property_identifier(nil) == 0)
        #expect(mosquitto_property_type(nil) == 0)
        #expect(mosquitto_property_next(nil) == nil)
    }

    @Test("[MQTT-1.5.7-1] Wrong types, malformed text and too great numbers are refused")
    func refusals() {
        var list: OpaquePointer?
        #expect(mosquitto_property_add_byte(&list, 2, 1) == Self.invalid)
        #expect(mosquitto_property_add_byte(nil, 1, 1) == Self.invalid)
        #expect(mosquitto_property_add_int16(&list, 1, 1) == Self.invalid)
        #expect(mosquitto_property_add_int32(&list, 99, 1) == Self.invalid)
        #expect(mosquitto_property_add_varint(&list, 11, 268_435_456) == Self.invalid)
        #expect(mosquitto_property_add_binary(&list, 3, nil, 0) == Self.invalid)
        #expect(mosquitto_property_add_string(&list, 38, "a") == Self.invalid)
        #expect(mosquitto_property_add_string(&list, 3, "\u{1}") == Self.malformed)
        #expect(mosquitto_property_add_string_pair(&list, 38, "\u{1}", "a") == Self.malformed)
        #expect(mosquitto_property_add_string_pair(&list, 38, "a", "\u{1}") == Self.malformed)
        #expect(list == nil)
    }

    @Test("Empty strings are allowed and read back as NULL")
    func emptyStrings() {
        var list: OpaquePointer?
        #expect(mosquitto_property_add_string(&list, 3, nil) == 0)
        #expect(mosquitto_property_add_string_pair(&list, 38, "", nil) == 0)
        #expect(mosquitto_property_add_binary(&list, 9, nil, 0) == 0)
        var value: UnsafeMutablePointer<CChar>? = strdup("old")
        let old = value
        #expect(mosquitto_property_read_string(list, 3, &value, false) != nil)
        #expect(value == nil)
        free(old)
        #expect(mosquitto_property_get_length_all(list) == 3 + 5 + 3)
        mosquitto_property_free_all(&list)
        #expect(list == nil)
    }

    @Test("With skip_first the next property of the same identifier is found")
    func skipsFirst() {
        var list: OpaquePointer?
        defer { mosquitto_property_free_all(&list) }
        for text in ["one", "two", "three"] {
            #expect(mosquitto_property_add_string_pair(&list, 38, text, text) == 0)
            #expect(mosquitto_property_add_byte(&list, 1, 0) == 0)
        }
        var found: [String] = []
        var node = mosquitto_property_read_string_pair(list, 38, nil, nil, false)
        while let current = node {
            found.append(String(cString: mosquitto_property_string_name(current)))
            node = mosquitto_property_read_string_pair(current, 38, nil, nil, true)
        }
        #expect(found == ["one", "two", "three"])
    }

    @Test("A property is taken out at any place, and a stranger is not found")
    func removes() {
        var list = makeList()
        defer { mosquitto_property_free_all(&list) }
        for place in [0, 3, 4] {
            var node = list
            for _ in 0..<place { node = mosquitto_property_next(node) }
            #expect(mosquitto_property_remove(&list, node) == 0)
            #expect(mosquitto_property_next(node) == nil)
            #expect(mosquitto_property_remove(&list, node) == MOSQ_ERR_NOT_FOUND.rawValue)
            mosquitto_property_free(&node)
            #expect(node == nil)
        }
        #expect(mosquitto_property_remove(&list, nil) == Self.invalid)
        #expect(mosquitto_property_remove(nil, list) == Self.invalid)
    }

    @Test("A copy equals its list and shares nothing with it")
    func copiesList() {
        var list = makeList()
        var copy: OpaquePointer?
        #expect(mosquitto_property_copy_all(&copy, list) == 0)
        let length = mosquitto_property_get_length_all(list)
        mosquitto_property_free_all(&list)
        #expect(mosquitto_property_get_length_all(copy) == length)
        #expect(mosquitto_property_read_string_pair(copy, 38, nil, nil, false) != nil)
        #expect(mosquitto_property_copy_all(nil, copy) == Self.invalid)
        let kept = copy
        #expect(mosquitto_property_copy_all(&copy, nil) == 0)
        #expect(copy == kept)
        mosquitto_property_free_all(&copy)
    }

    @Test("[MQTT5 section 2.2.2] Sizes are those of the encoded properties")
    func sizes() {
        var list = makeList()
        defer { mosquitto_property_free_all(&list) }
        #expect(mosquitto_property_get_length(list) == 2)
        #expect(mosquitto_property_get_length_all(list) == 2 + 3 + 5 + 5 + 5 + 7 + 14)
        #expect(mosquitto_property_get_remaining_length(list) == 42)
        #expect(mosquitto_property_get_length(nil) == 0)
        #expect(mosquitto_property_get_remaining_length(nil) == 1)
    }

    @Test(
        "[MQTT5 section 1.5.5] A variable byte integer takes one to four bytes",
        arguments: [
            (0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (2_097_151, 3), (2_097_152, 4),
            (268_435_455, 4), (268_435_456, 5), (UInt32.max, 5),
        ] as [(UInt32, UInt32)]
    )
    func varintSizes(number: UInt32, size: UInt32) {
        #expect(mosquitto_varint_bytes(number) == size)
    }

    @Test("Names and numbers translate both ways, in any letter case")
    func names() {
        var (identifier, type): (CInt, CInt) = (0, 0)
        for number in CInt(-1)...60 {
            guard let name = mosquitto_property_identifier_to_string(number) else { continue }
            let text = String(cString: name).uppercased()
            #expect(mosquitto_string_to_property_info(text, &identifier, &type) == 0)
            #expect(identifier == number)
        }
        #expect(mosquitto_string_to_property_info("none", &identifier, &type) == Self.invalid)
        #expect(mosquitto_string_to_property_info(nil, &identifier, &type) == Self.invalid)
        #expect(mosquitto_property_identifier_to_string(99) == nil)
    }

    @Test(
        "Properties are allowed in the packets of the original",
        .enabled(if: OriginalLibrary.isInstalled)
    )
    func commandsAgreeWithOriginal() throws {
        let original = try #require(
            OriginalLibrary.function(
                "mosquitto_property_check_command",
                as: OriginalLibrary.CheckCommand.self
            )
        )
        for command in stride(from: CInt(0x10), through: 0x100, by: 0x10) {
            for identifier in CInt(0)...50 {
                let ours = mosquitto_property_check_command(command, identifier)
                #expect(ours == original(command, identifier), "\(command) \(identifier)")
            }
        }
    }

    @Test("A list with a wrong value, packet or repetition is refused")
    func checksList() {
        func check(_ command: CInt, _ fill: (inout OpaquePointer?) -> Void) -> CInt {
            var list: OpaquePointer?
            fill(&list)
            defer { mosquitto_property_free_all(&list) }
            return mosquitto_property_check_all(command, list)
        }
        #expect(check(0x30) { _ in } == 0)
        #expect(check(0x30) { mosquitto_property_add_byte(&$0, 1, 1) } == 0)
        #expect(check(0x30) { mosquitto_property_add_byte(&$0, 1, 2) } == Self.protocolError)
        #expect(check(0x10) { mosquitto_property_add_byte(&$0, 1, 1) } == Self.protocolError)
        #expect(check(0x10) { mosquitto_property_add_int32(&$0, 39, 0) } == Self.protocolError)
        #expect(check(0x10) { mosquitto_property_add_int16(&$0, 33, 0) } == Self.protocolError)
        #expect(check(0x30) { mosquitto_property_add_int16(&$0, 35, 0) } == Self.protocolError)
        #expect(check(0x30) { mosquitto_property_add_string(&$0, 8, "a/+") } == Self.protocolError)
        #expect(check(0x30) { mosquitto_property_add_string(&$0, 8, "a/b") } == 0)
        for (identifier, isAllowed) in [(38, true), (3, false)] as [(CInt, Bool)] {
            let code = check(0x30) { list in
                for _ in 0..<2 {
                    _ =
                        isAllowed
                        ? mosquitto_property_add_string_pair(&list, identifier, "a", "b")
                        : mosquitto_property_add_string(&list, identifier, "a")
                }
            }
            #expect(code == (isAllowed ? 0 : MOSQ_ERR_DUPLICATE_PROPERTY.rawValue))
        }
    }

    @Test("A list is described as JSON")
    func json() {
        var list = makeList()
        defer { mosquitto_property_free_all(&list) }
        let tree = mosquitto_properties_to_json(list)
        let text = cJSON_PrintUnformatted(tree)
        #expect(
            text.map { String(cString: $0) } == """
                [{"identifier":"payload-format-indicator","value":1},{"identifier":"topic-alias"},\
                {"identifier":"message-expiry-interval"},{"identifier":"subscription-identifier"},\
                {"identifier":"correlation-data","value":"00AB"},\
                {"identifier":"content-type","value":"text"},\
                {"identifier":"user-property","name":"name","value":"value"}]
                """
        )
        cJSON_free(text)
        cJSON_Delete(tree)
        #expect(mosquitto_properties_to_json(nil) == nil)
    }
}
