// SPDX-License-Identifier: Apache-2.0
// Writing JSON byte for byte the way cJSON prints it, without building a tree first.

import CcJSON

/// Appends JSON text to a buffer, either compact or in cJSON's tab-indented form.
package struct JSONWriter {
    /// The text so far; whoever streams may empty it between values.
    package var bytes: [UInt8] = []
    private let isFormatted: Bool
    /// The arrays and objects that are open, outermost first.
    private var open: [Level] = []

    /// An open array or object.
    private struct Level {
        let isArray: Bool
        var hasElements = false
    }

    /// Starts an empty text.
    package init(formatted isFormatted: Bool) {
        self.isFormatted = isFormatted
    }

    /// Opens an object where a value is expected.
    package mutating func beginObject() {
        beginElement()
        bytes.append(UInt8(ascii: "{"))
        open.append(Level(isArray: false))
    }

    /// Closes the innermost object.
    package mutating func endObject() {
        assert(open.last?.isArray == false, "an object is open")
        open.removeLast()
        if isFormatted {
            bytes.append(UInt8(ascii: "\n"))
            indent()
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Opens an array where a value is expected.
    package mutating func beginArray() {
        beginElement()
        bytes.append(UInt8(ascii: "["))
        open.append(Level(isArray: true))
    }

    /// Closes the innermost array.
    package mutating func endArray() {
        assert(open.last?.isArray == true, "an array is open")
        open.removeLast()
        bytes.append(UInt8(ascii: "]"))
    }

    /// Writes a member's name; its value must follow.
    package mutating func key(_ name: StaticString) {
        beginMember()
        name.withUTF8Buffer { quote($0) }
        endKey()
    }

    /// Writes a member's name; its value must follow.
    package mutating func key(bytes name: [UInt8]) {
        beginMember()
        name.withUnsafeBufferPointer { quote($0) }
        endKey()
    }

    /// Writes a member's name; its value must follow.
    package mutating func key(text name: String) {
        beginMember()
        quote(name)
        endKey()
    }

    /// Writes a string value.
    package mutating func string(bytes value: [UInt8]) {
        beginElement()
        value.withUnsafeBufferPointer { quote($0) }
    }

    /// Writes a string value.
    package mutating func string(text value: String) {
        beginElement()
        quote(value)
    }

    /// Writes a string value.
    package mutating func string(_ value: StaticString) {
        beginElement()
        value.withUTF8Buffer { quote($0) }
    }

    /// Writes a whole number.
    package mutating func integer(_ value: Int) {
        beginElement()
        bytes.append(contentsOf: String(value).utf8)
    }

    /// Writes `true` or `false`.
    package mutating func boolean(_ value: Bool) {
        raw(value ? "true" : "false")
    }

    /// Writes a number as cJSON does: without a fraction if it has none, else so that it reads back.
    package mutating func number(_ value: Double) {
        let isNegativeZero = value == 0 && value.sign == .minus
        if !isNegativeZero, let whole = Int32(exactly: value) { return integer(Int(whole)) }
        // Rare, and not worth a second opinion on how many digits a number needs.
        guard let item = cJSON_CreateNumber(value) else { return raw("null") }
        defer { cJSON_Delete(item) }
        raw(bytes: JSONNode(pointer: item).compactBytes ?? Array("null".utf8))
    }

    /// Writes `null`.
    package mutating func null() {
        raw("null")
    }

    /// Writes a value that is JSON text already.
    package mutating func raw(bytes text: [UInt8]) {
        beginElement()
        bytes.append(contentsOf: text)
    }

    private mutating func raw(_ text: StaticString) {
        beginElement()
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    // MARK: - Punctuation

    private mutating func beginElement() {
        guard open.last?.isArray == true else { return }
        separate(with: isFormatted ? ", " : ",")
    }

    private mutating func beginMember() {
        separate(with: ",")
        guard isFormatted else { return }
        bytes.append(UInt8(ascii: "\n"))
        indent()
    }

    private mutating func separate(with separator: StaticString) {
        let last = open.count - 1
        if open[last].hasElements {
            separator.withUTF8Buffer { bytes.append(contentsOf: $0) }
        }
        open[last].hasElements = true
    }

    private mutating func endKey() {
        bytes.append(UInt8(ascii: ":"))
        if isFormatted { bytes.append(UInt8(ascii: "\t")) }
    }

    private mutating func indent() {
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "\t"), count: open.count))
    }

    private mutating func quote(_ text: String) {
        var text = text
        text.withUTF8 { quote($0) }
    }

    private mutating func quote(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        defer { bytes.append(UInt8(ascii: "\"")) }
        // Hardly any text needs escapes.
        guard
            text.contains(where: {
                $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
            })
        else {
            bytes.append(contentsOf: text)
            return
        }
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): escape(byte)
            case 0x08: escape(UInt8(ascii: "b"))
            case 0x0C: escape(UInt8(ascii: "f"))
            case 0x0A: escape(UInt8(ascii: "n"))
            case 0x0D: escape(UInt8(ascii: "r"))
            case 0x09: escape(UInt8(ascii: "t"))
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: "\\u00\(digits.count == 1 ? "0" : "")\(digits)".utf8)
            default: bytes.append(byte)
            }
        }
    }

    private mutating func escape(_ letter: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(letter)
    }
}
