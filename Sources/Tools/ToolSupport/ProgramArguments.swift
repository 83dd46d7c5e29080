// SPDX-License-Identifier: Apache-2.0
// The words of the command line as they were given.

import Glibc

/// What stands behind the program's name.
package enum ProgramArguments {
    /// Every word byte for byte; `CommandLine.arguments` replaces what is not UTF-8.
    package static var words: [[UInt8]] {
        UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
            .dropFirst()
            .compactMap { word in
                guard let word else { return nil }
                return UnsafeBufferPointer(start: word, count: strlen(word)).map(
                    UInt8.init(bitPattern:)
                )
            }
    }

    /// Every word as text.
    ///
    /// - Throws: the text to print when one of them is not UTF-8.
    package static func texts() throws(ToolFailure) -> [String] {
        var texts: [String] = []
        for (index, word) in words.enumerated() {
            guard let text = String(validating: word, as: UTF8.self) else {
                throw ToolFailure("Error: Argument \(index + 1) is not valid UTF-8.")
            }
            texts.append(text)
        }
        return texts
    }
}
