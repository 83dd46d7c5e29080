// SPDX-License-Identifier: Apache-2.0
// The formats of -F.

/// A format of `-F`, taken apart and checked.
package struct MessageFormat: Sendable, Equatable {
    /// One part of a format.
    enum Piece: Sendable, Equatable {
        /// Bytes that are printed as they are.
        case text([UInt8])
        /// `%`: something of the message.
        case field(Field)
        /// `@`: one conversion of `strftime`, as a C string with its percent sign.
        case time([CChar])
        /// `@N`: the nanoseconds, nine digits.
        case nanoseconds
    }

    /// What stands between a percent sign and its letter, and the letter.
    struct Field: Sendable, Equatable {
        var letter: UInt8
        var isLeft = false
        var isZeroPadded = false
        var width = 0
        var precision: Int?
        var separator: UInt8?
    }

    /// The parts, in order.
    let pieces: [Piece]

    /// Whether the time of receipt is printed.
    var needsTime: Bool {
        pieces.contains { piece in
            switch piece {
            case .time, .nanoseconds: true
            case .field(let field): "IUjJ".utf8.contains(field.letter)
            case .text: false
            }
        }
    }

    private static let letters = Set("%ACdDEfFIjJlmpPqrRStUxX".utf8)
    private static let separators = Set("!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~ ".utf8)
    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\\"): UInt8(ascii: "\\"), UInt8(ascii: "0"): 0, UInt8(ascii: "a"): 7,
        UInt8(ascii: "e"): 0x1B, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D,
        UInt8(ascii: "t"): 0x09, UInt8(ascii: "v"): 0x0B,
    ]
    /// No field is wider; what asks for more gets this much.
    private static let widthMax = 1 << 20

    /// Takes a format apart.
    package init(_ format: [UInt8]) throws(OptionProblem) {
        var pieces: [Piece] = []
        var text: [UInt8] = []
        var rest = format[...]
        while let byte = rest.popFirst() {
            let piece: Piece
            switch byte {
            case UInt8(ascii: "\\"):
                guard let letter = rest.popFirst() else {
                    throw .plain("Error: Incomplete escape specifier.")
                }
                guard let plain = Self.escapes[letter] else {
                    throw .plain("Error: Invalid escape specifier '\([letter].text)'.")
                }
                text.append(plain)
                continue
            case UInt8(ascii: "@"):
                guard let letter = rest.popFirst() else { throw Self.incomplete }
                if letter == UInt8(ascii: "@") {
                    text.append(letter)
                    continue
                }
                piece = Self.time(letter)
            case UInt8(ascii: "%"):
                let field = try Self.field(&rest)
                if field.letter == UInt8(ascii: "%") {
                    text.append(field.letter)
                    continue
                }
                piece = .field(field)
            default:
                text.append(byte)
                continue
            }
            if !text.isEmpty { pieces.append(.text(text)) }
            text = []
            pieces.append(piece)
        }
        if !text.isEmpty { pieces.append(.text(text)) }
        self.pieces = pieces
    }

    private static let incomplete = OptionProblem.plain("Error: Incomplete format specifier.")

    private static func time(_ letter: UInt8) -> Piece {
        if letter == UInt8(ascii: "N") { return .nanoseconds }
        return .time([CChar(bitPattern: UInt8(ascii: "%")), CChar(bitPattern: letter), 0])
    }

    private static func field(
        _ rest: inout ArraySlice<UInt8>
    ) throws(OptionProblem) -> Field {
        var field = Field(letter: 0)
        if rest.first == UInt8(ascii: "-") {
            field.isLeft = true
            rest.removeFirst()
        }
        if rest.first == UInt8(ascii: "0") {
            field.isZeroPadded = !field.isLeft
            rest.removeFirst()
        }
        field.width = number(&rest) ?? 0
        if rest.first == UInt8(ascii: ".") {
            let dot = rest.removeFirst()
            field.precision = number(&rest)
            // Without digits it is the separator.
            if field.precision == nil { field.separator = dot }
        }
        if field.separator == nil, let byte = rest.first, separators.contains(byte) {
            field.separator = byte
            rest.removeFirst()
        }
        guard let letter = rest.popFirst() else { throw incomplete }
        guard letters.contains(letter) else {
            throw .plain("Error: Invalid format specifier '\([letter].text)'.")
        }
        field.letter = letter
        return field
    }

    private static func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
        var value: Int?
        while let digit = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
            value = min(widthMax, (value ?? 0) * 10 + Int(digit - UInt8(ascii: "0")))
            rest.removeFirst()
        }
        return value
    }
}
