// SPDX-License-Identifier: Apache-2.0
// Patterns for names: `*` and `?`.

/// A pattern for names: `*` stands for any bytes, `?` for one character, everything else for itself.
struct GlobPattern: Equatable, Sendable {
    /// Bytes that a pattern may have.
    static let bytesMax = 256

    private let pattern: [UInt8]
    /// The whole pattern where nothing stands for anything else.
    let literal: String?

    /// Takes a pattern; nil if it is too long.
    init?(_ text: String) {
        guard text.utf8.count <= Self.bytesMax else { return nil }
        pattern = Array(text.utf8)
        let isLiteral = !pattern.contains { [UInt8(ascii: "*"), UInt8(ascii: "?")].contains($0) }
        literal = isLiteral ? text : nil
    }

    /// Whether a name is as the pattern says.
    ///
    /// Takes time in proportion to the length of the name times that of the pattern, at worst.
    func matches(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { matches($0) }
    }

    /// The same, with the bytes of the name.
    func matches(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        var place = 0
        var used = 0
        var star: (place: Int, used: Int)?
        while used < name.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                star = (place, used)
                place += 1
            } else if place < pattern.count, pattern[place] == UInt8(ascii: "?") {
                place += 1
                used = Self.end(of: used, in: name)
            } else if place < pattern.count, pattern[place] == name[used] {
                place += 1
                used += 1
            } else if let last = star {
                star = (last.place, last.used + 1)
                place = last.place + 1
                used = last.used + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// Where the character ends that begins at a place.
    private static func end(of start: Int, in name: UnsafeBufferPointer<UInt8>) -> Int {
        var end = start + 1
        while end < name.count, name[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }
}
