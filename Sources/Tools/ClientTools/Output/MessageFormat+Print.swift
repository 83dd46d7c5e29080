// SPDX-License-Identifier: Apache-2.0
// Printing a message as -F says.

import Glibc
import MQTT

/// What came of printing a message.
package enum PrintProblem: Error, Equatable {
    /// `%J`, and the payload is not one JSON text.
    case notJSON
    /// `%d` or `%f`, and the payload has not this many bytes.
    case notNumber(byteCount: Int)
}

extension MessageFormat {
    /// Appends a message to `output`; what cannot be printed is left out and reported.
    func print(
        _ message: UnsafePrintedMessage,
        at time: ReceiptTime,
        isPretty: Bool,
        to output: inout [UInt8]
    ) -> [PrintProblem] {
        var problems: [PrintProblem] = []
        for piece in pieces {
            switch piece {
            case .text(let text): output += text
            case .time(let format): output += time.formatted(format)
            case .nanoseconds: output += time.nineDigits
            case .field(let field):
                do throws(PrintProblem) {
                    try field.print(message, time, isPretty, &output)
                } catch {
                    problems.append(error)
                }
            }
        }
        return problems
    }
}

extension MessageFormat.Field {
    /// Appends what the letter stands for.
    fileprivate func print(
        _ message: UnsafePrintedMessage,
        _ time: ReceiptTime,
        _ isPretty: Bool,
        _ output: inout [UInt8]
    ) throws(PrintProblem) {
        switch letter {
        case UInt8(ascii: "t"): pad(Array(message.topic), &output)
        case UInt8(ascii: "p"): appendPayload(message.payload, &output)
        case UInt8(ascii: "x"): appendHex(message.payload, Self.lower, &output)
        case UInt8(ascii: "X"): appendHex(message.payload, Self.upper, &output)
        case UInt8(ascii: "l"): pad(message.payload.count, &output)
        case UInt8(ascii: "m"): pad(Int(message.packetIdentifier), &output)
        case UInt8(ascii: "q"): output.append(UInt8(ascii: "0") + message.qos)
        case UInt8(ascii: "r"): output.append(UInt8(ascii: message.isRetained ? "1" : "0"))
        case UInt8(ascii: "d"): try appendNumber(message.payload, Double.self, &output)
        case UInt8(ascii: "f"): try appendNumber(message.payload, Float.self, &output)
        case UInt8(ascii: "I"): pad(time.iso, &output)
        case UInt8(ascii: "U"): output += time.unix
        case UInt8(ascii: "j"), UInt8(ascii: "J"):
            let json = MessageJSON(
                isPretty: isPretty,
                embedsPayload: letter == UInt8(ascii: "J")
            )
            output += try json.text(of: message, at: time)
        default: appendProperty(message.properties, &output)
        }
    }

    // MARK: Padding

    /// Text: cut to the precision, padded with blanks to the width.
    private func pad(_ text: [UInt8], _ output: inout [UInt8]) {
        let text = text.prefix(precision ?? text.count)
        let blanks = repeatElement(UInt8(ascii: " "), count: max(0, width - text.count))
        if !isLeft { output += blanks }
        output += text
        if isLeft { output += blanks }
    }

    /// A number, padded with blanks or zeros to the width.
    private func pad(_ number: Int, _ output: inout [UInt8]) {
        let text = Array(String(number).utf8)
        let padding = repeatElement(
            UInt8(ascii: isZeroPadded ? "0" : " "),
            count: max(0, width - text.count)
        )
        if !isLeft { output += padding }
        output += text
        if isLeft { output += padding }
    }

    /// Room for something that is not there.
    private func padAbsent(_ output: inout [UInt8]) {
        output += repeatElement(UInt8(ascii: " "), count: width)
    }

    // MARK: Payload

    private func appendPayload(_ payload: UnsafeRawBufferPointer, _ output: inout [UInt8]) {
        let count = width > 0 ? min(width, payload.count) : payload.count
        appendPadded(max(0, width - count), &output) { output in
            output.append(contentsOf: payload[..<count])
        }
    }

    private static let lower = Array("0123456789abcdef".utf8)
    private static let upper = Array("0123456789ABCDEF".utf8)

    /// The width counts digits where there are too few and bytes where there are too many, as in the
    /// original.
    private func appendHex(
        _ payload: UnsafeRawBufferPointer,
        _ digits: [UInt8],
        _ output: inout [UInt8]
    ) {
        let count = width > 0 ? min(width, payload.count) : payload.count
        appendPadded(max(0, width - 2 * count), &output) { output in
            var written = 0
            func append(_ digit: UInt8) {
                if let separator, let precision, precision > 0, written > 0,
                    written.isMultiple(of: precision)
                {
                    output.append(separator)
                }
                output.append(digits[Int(digit)])
                written += 1
            }
            for byte in payload[..<count] {
                append(byte >> 4)
                append(byte & 15)
            }
        }
    }

    private func appendPadded(
        _ count: Int,
        _ output: inout [UInt8],
        _ append: (inout [UInt8]) -> Void
    ) {
        let byte = UInt8(ascii: isZeroPadded ? "0" : " ")
        if !isLeft { output += repeatElement(byte, count: count) }
        append(&output)
        if isLeft { output += repeatElement(byte, count: count) }
    }

    private func appendNumber<Number: BinaryFloatingPoint & BitwiseCopyable>(
        _ payload: UnsafeRawBufferPointer,
        _ type: Number.Type,
        _ output: inout [UInt8]
    ) throws(PrintProblem) {
        guard payload.count == MemoryLayout<Number>.size else {
            throw .notNumber(byteCount: MemoryLayout<Number>.size)
        }
        let number = Double(payload.loadUnaligned(as: Number.self))
        let flags = (isLeft ? "-" : "") + (isZeroPadded ? "0" : "")
        var text = [CChar](repeating: 0, count: 400 + width + (precision ?? 6))
        let count = withVaList([Int32(width), Int32(precision ?? 6), number]) {
            vsnprintf(&text, text.count, "%\(flags)*.*f", $0)
        }
        output += text.prefix(Int(count)).map { UInt8(bitPattern: $0) }
    }

    // MARK: Properties

    private func appendProperty(_ bytes: UnsafeRawBufferPointer, _ output: inout [UInt8]) {
        switch letter {
        case UInt8(ascii: "A"): appendNumber(.topicAlias, bytes, &output)
        case UInt8(ascii: "E"): appendNumber(.messageExpiryInterval, bytes, &output)
        case UInt8(ascii: "F"): appendNumber(.payloadFormatIndicator, bytes, &output)
        case UInt8(ascii: "S"): appendNumber(.subscriptionIdentifier, bytes, &output)
        case UInt8(ascii: "C"):
            guard let text = Self.bytes(of: .contentType, bytes) else { return padAbsent(&output) }
            pad(text, &output)
        case UInt8(ascii: "R"):
            if let text = Self.bytes(of: .responseTopic, bytes) { pad(text, &output) }
        case UInt8(ascii: "D"):
            if let data = Self.bytes(of: .correlationData, bytes) { output += data }
        case UInt8(ascii: "P"):
            var isFirst = true
            var walk = PropertyIterator(bytes.bytes)
            while let property = walk.next() {
                guard case .stringPair(let name, let value) = property.value else { continue }
                if !isFirst { output.append(UInt8(ascii: " ")) }
                isFirst = false
                output.append(contentsOf: bytes[name])
                output.append(UInt8(ascii: ":"))
                output.append(contentsOf: bytes[value])
            }
        default: assertionFailure("the format was checked")
        }
    }

    private func appendNumber(
        _ identifier: PropertyIdentifier,
        _ bytes: UnsafeRawBufferPointer,
        _ output: inout [UInt8]
    ) {
        var walk = PropertyIterator(bytes.bytes)
        while let property = walk.next() {
            guard property.identifier == identifier, let number = property.value.number else {
                continue
            }
            return pad(number, &output)
        }
        padAbsent(&output)
    }

    private static func bytes(
        of identifier: PropertyIdentifier,
        _ bytes: UnsafeRawBufferPointer
    ) -> [UInt8]? {
        var walk = PropertyIterator(bytes.bytes)
        while let property = walk.next() {
            guard property.identifier == identifier else { continue }
            switch property.value {
            case .string(let range), .binary(let range): return Array(bytes[range])
            default: return nil
            }
        }
        return nil
    }
}

extension PropertyValue {
    /// The value of a numeric property.
    var number: Int? {
        switch self {
        case .byte(let value): Int(value)
        case .twoByteInteger(let value): Int(value)
        case .fourByteInteger(let value), .variableByteInteger(let value): Int(value)
        case .binary, .string, .stringPair: nil
        }
    }
}
