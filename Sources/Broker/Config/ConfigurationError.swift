// SPDX-License-Identifier: Apache-2.0
// A configuration or command line that cannot be used.

/// A configuration or command line that cannot be used.
package struct ConfigurationError: Error, Equatable {
    /// The exit status of a broker that gives up because of it.
    package let exitCode: Int32
    /// The lines to log as errors, in order.
    package var lines: [String]

    /// Makes an error that ends the broker with `exitCode`.
    package init(_ lines: [String], exitCode: Int32 = 3) {
        self.lines = lines
        self.exitCode = exitCode
    }

    /// One error of several: their lines one after the other, and the status of the first.
    ///
    /// nil if there is none.
    package init?(_ errors: [ConfigurationError]) {
        guard let first = errors.first else { return nil }
        self.init(errors.flatMap(\.lines), exitCode: first.exitCode)
    }

    /// What is wrong, in one text without a full stop: the lines without the word that begins each.
    package var text: String {
        let lines = lines.map { line in
            var text = line[...]
            if text.hasPrefix("Error: ") { text = text.dropFirst("Error: ".count) }
            return text.last == "." ? text.dropLast() : text
        }
        return lines.joined(separator: "; ")
    }

    /// Makes an error of one line.
    package init(_ line: String) {
        self.init([line])
    }
}
