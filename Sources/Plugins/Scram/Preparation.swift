// SPDX-License-Identifier: Apache-2.0
// User names in the one form in which they may be compared (SASLprep, RFC 4013).

/// What a name is prepared for.
enum Preparation {
    /// To be looked up.
    case query
    /// To be kept: code points that Unicode 3.2 does not know are refused.
    case stored

    /// The length of the longest name in bytes.
    static let lengthMax = 1024

    /// Prepares a name in UTF-8: characters without meaning go, odd blanks become blanks.
    ///
    /// Returns `nil` if it is malformed or prohibited, if nothing is left of it, or if normalisation would change one of its
    /// characters: the client has to normalise its text before it sends it.
    func prepare(_ name: some Collection<UInt8>) -> [UInt8]? {
        guard let text = String(validating: name, as: UTF8.self) else { return nil }
        var directions = Directions()
        var result: [UInt8] = []
        for scalar in text.unicodeScalars {
            let code = scalar.value
            if PreparationTables.removed.contains(code) { continue }
            let isSpace = PreparationTables.spaces.contains(code)
            if !isSpace, !isAllowed(code) { return nil }
            directions.note(isSpace ? 0x20 : code, isFirst: result.isEmpty)
            if isSpace {
                result.append(0x20)
            } else {
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return result.isEmpty || !directions.areConsistent ? nil : result
    }

    private func isAllowed(_ code: UInt32) -> Bool {
        !PreparationTables.prohibited.contains(code) && !PreparationTables.unstable.contains(code)
            && (self == .query || !PreparationTables.unassigned.contains(code))
    }
}

/// What has been seen of writing directions (RFC 3454 section 6).
private struct Directions {
    private var hasLeft = false
    private var hasRight = false
    private var isFirstRight = false
    private var isLastRight = false

    mutating func note(_ code: UInt32, isFirst: Bool) {
        isLastRight = PreparationTables.rightToLeft.contains(code)
        hasRight = hasRight || isLastRight
        hasLeft = hasLeft || PreparationTables.leftToRight.contains(code)
        if isFirst { isFirstRight = isLastRight }
    }

    /// A text is written from right to left all through, or not at all.
    var areConsistent: Bool { !hasRight || (!hasLeft && isFirstRight && isLastRight) }
}

/// A set of code points, as ranges in ascending order.
struct CodePointSet: Sendable {
    private let ranges: [ClosedRange<UInt32>]

    /// Reads hexadecimal numbers and ranges between blanks, such as `AD 200B-200D`.
    init(_ text: String) {
        ranges = text.split(whereSeparator: \.isWhitespace).compactMap { word in
            let ends = word.split(separator: "-").compactMap { UInt32($0, radix: 16) }
            guard let first = ends.first, let last = ends.last, first <= last else { return nil }
            return first...last
        }
    }

    /// Looks a code point up by halving.
    func contains(_ code: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = low + (high - low) / 2
            if code < ranges[middle].lowerBound {
                high = middle
            } else if code > ranges[middle].upperBound {
                low = middle + 1
            } else {
                return true
            }
        }
        return false
    }
}
