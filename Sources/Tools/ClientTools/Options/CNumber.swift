// SPDX-License-Identifier: Apache-2.0
// Numbers as C's functions read them from text.

import Glibc

/// Numbers read as C does: blanks in front, as many digits as there are, and 0 where there are none.
enum CNumber {
    /// What `atoi` makes of text, kept within the range of `Int32`.
    static func integer(_ text: [UInt8]) -> Int {
        Int(Int32(clamping: long(text)))
    }

    /// What `atol` makes of text, kept within the range of `Int`.
    static func long(_ text: [UInt8]) -> Int {
        withCString(text) { strtol($0, nil, 10) }
    }

    /// A number in decimal, with `0x` in hexadecimal or with `0` in octal; nil unless that is all.
    static func wholeLong(_ text: [UInt8]) -> Int? {
        withCString(text) { start in
            var end: UnsafeMutablePointer<CChar>?
            let value = strtol(start, &end, 0)
            guard let end, end != start, end.pointee == 0 else { return nil }
            return value
        }
    }

    /// What `atof` makes of text.
    static func double(_ text: [UInt8]) -> Double {
        withCString(text) { strtod($0, nil) }
    }

    private static func withCString<Result>(
        _ text: [UInt8],
        _ use: (UnsafePointer<CChar>) -> Result
    ) -> Result {
        let characters = text.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
        return characters.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("it ends with NUL") }
            return use(start)
        }
    }
}
