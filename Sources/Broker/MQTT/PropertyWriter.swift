// SPDX-License-Identifier: Apache-2.0
// Writes the MQTT data types and properties.

/// The most bytes of a string or of binary data.
package let stringLengthMax = 65_535

extension [UInt8] {
    /// Appends a Two Byte Integer (5.0 section 1.5.2).
    package mutating func appendTwoByteInteger(_ value: UInt16) {
        append(UInt8(truncatingIfNeeded: value >> 8))
        append(UInt8(truncatingIfNeeded: value))
    }

    /// Appends a Four Byte Integer (5.0 section 1.5.3).
    package mutating func appendFourByteInteger(_ value: UInt32) {
        appendTwoByteInteger(UInt16(truncatingIfNeeded: value >> 16))
        appendTwoByteInteger(UInt16(truncatingIfNeeded: value))
    }

    /// Appends a Variable Byte Integer of at most 268,435,455 in its shortest form.
    package mutating func appendVariableByteInteger(_ value: Int) {
        precondition(value >= 0 && value <= VariableByteInteger.max, "value fits in four bytes")
        VariableByteInteger.encode(value) { append($0) }
    }

    /// Appends Binary Data, cut after 65,535 bytes.
    package mutating func appendBinary(_ data: [UInt8]) {
        let count = Swift.min(data.count, stringLengthMax)
        appendTwoByteInteger(UInt16(truncatingIfNeeded: count))
        UnsafeLoad.append(data.rawBytes, 0..<count, to: &self)
    }

    /// Appends a UTF-8 Encoded String, cut at the last character that ends within 65,535 bytes.
    package mutating func appendString(_ text: String) {
        let utf8 = text.utf8
        guard utf8.count > stringLengthMax else {
            appendTwoByteInteger(UInt16(truncatingIfNeeded: utf8.count))
            append(contentsOf: utf8)
            return
        }
        var part = [UInt8](utf8.prefix(stringLengthMax + 1))
        // Drop the byte too many, and with it the character it belongs to.
        while let last = part.popLast(), last & 0xC0 == 0x80 {}
        appendTwoByteInteger(UInt16(truncatingIfNeeded: part.count))
        append(contentsOf: part)
    }
}

/// Writes encoded properties, without the length in front.
///
/// Each `append` writes nothing and returns false when the property has another type. Whether the
/// properties fit a packet is not looked at.
package struct PropertyWriter: Sendable {
    /// What has been written.
    package private(set) var bytes: [UInt8]

    /// Starts a list, or continues one.
    package init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    /// Appends a property of one byte.
    @discardableResult
    package mutating func append(_ identifier: PropertyIdentifier, byte value: UInt8) -> Bool {
        guard begin(identifier, .byte) else { return false }
        bytes.append(value)
        return true
    }

    /// Appends a property that is a Two Byte Integer.
    @discardableResult
    package mutating func append(
        _ identifier: PropertyIdentifier,
        twoByteInteger value: UInt16
    ) -> Bool {
        guard begin(identifier, .twoByteInteger) else { return false }
        bytes.appendTwoByteInteger(value)
        return true
    }

    /// Appends a property that is a Four Byte Integer.
    @discardableResult
    package mutating func append(
        _ identifier: PropertyIdentifier,
        fourByteInteger value: UInt32
    ) -> Bool {
        guard begin(identifier, .fourByteInteger) else { return false }
        bytes.appendFourByteInteger(value)
        return true
    }

    /// Appends a property that is a Variable Byte Integer of at most 268,435,455.
    @discardableResult
    package mutating func append(
        _ identifier: PropertyIdentifier,
        variableByteInteger value: UInt32
    ) -> Bool {
        guard value <= VariableByteInteger.max, begin(identifier, .variableByteInteger) else {
            return false
        }
        bytes.appendVariableByteInteger(Int(value))
        return true
    }

    /// Appends a property that is Binary Data.
    @discardableResult
    package mutating func append(_ identifier: PropertyIdentifier, binary value: [UInt8]) -> Bool {
        guard begin(identifier, .binary) else { return false }
        bytes.appendBinary(value)
        return true
    }

    /// Appends a property that is a string.
    @discardableResult
    package mutating func append(_ identifier: PropertyIdentifier, string value: String) -> Bool {
        guard begin(identifier, .string) else { return false }
        bytes.appendString(value)
        return true
    }

    /// Appends a property that is a string, given as UTF-8.
    @discardableResult
    package mutating func append(_ identifier: PropertyIdentifier, utf8 value: [UInt8]) -> Bool {
        guard begin(identifier, .string) else { return false }
        bytes.appendBinary(value)
        return true
    }

    /// Appends a user property.
    package mutating func appendUserProperty(name: String, value: String) {
        bytes.append(PropertyIdentifier.userProperty.rawValue)
        bytes.appendString(name)
        bytes.appendString(value)
    }

    /// Appends a user property given as UTF-8.
    package mutating func appendUserProperty(name: [UInt8], value: [UInt8]) {
        bytes.append(PropertyIdentifier.userProperty.rawValue)
        bytes.appendBinary(name)
        bytes.appendBinary(value)
    }

    /// Appends properties that are encoded already.
    package mutating func append(encoded properties: [UInt8]) {
        bytes.append(contentsOf: properties)
    }

    private mutating func begin(_ id: PropertyIdentifier, _ type: PropertyValueType) -> Bool {
        guard id.valueType == type else { return false }
        bytes.append(id.rawValue)
        return true
    }
}
