// SPDX-License-Identifier: Apache-2.0
// Lines and white space of the text files that plugins read.

extension [UInt8] {
    /// The lines of a text file without their ends; an embedded NUL byte ends the text.
    package var textLines: [ArraySlice<UInt8>] {
        let text = prefix { $0 != 0 }
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }
}

extension ArraySlice<UInt8> {
    /// Without white space at the end.
    package var trimmingEnd: ArraySlice<UInt8> {
        var slice = self
        while let last = slice.last, last.isWhiteSpace { slice.removeLast() }
        return slice
    }

    /// Without white space at both ends.
    package var trimmed: ArraySlice<UInt8> {
        trimmingEnd.drop { $0.isWhiteSpace }
    }
}

extension UInt8 {
    /// Space, tab, line feed, vertical tab, form feed or carriage return.
    package var isWhiteSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
