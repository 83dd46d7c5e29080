// SPDX-License-Identifier: Apache-2.0
// One file of the package.

import Foundation
import Glibc
import Testing

/// One file of the package.
struct SourceFile: Sendable, CustomTestStringConvertible {
    /// The path below the package's directory.
    let path: String
    /// The lines without line ends.
    let lines: [String]

    var testDescription: String { path }
    /// The name without directory and extension.
    var baseName: String {
        ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    }
    /// The type the file is named after: what is before a `+`.
    var typeName: String { String(baseName.prefix { $0 != "+" }) }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var isC: Bool { path.hasSuffix(".c") || path.hasSuffix(".h") }

    /// The lines with numbers, without what is after `//`.
    ///
    /// A `//` inside a string cuts the line as well, which no check here minds.
    let code: [(number: Int, text: String)]

    init(path: String, lines: [String]) {
        self.path = path
        self.lines = lines
        code = lines.enumerated().map { index, line in
            let code = line.withCString { start in
                strstr(start, "//").map { line.utf8.prefix(UnsafePointer($0) - start) }
            }
            return (index + 1, code.map { String(Substring($0)) } ?? line)
        }
    }
}
