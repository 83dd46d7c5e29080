// SPDX-License-Identifier: Apache-2.0
// The colours of the shell.

import Glibc

/// Colours text where a terminal shows it and nobody has asked for plain text.
struct ShellStyle {
    /// What a piece of output is.
    enum Role: String {
        case error = "31"
        case label = "36"
        case allow = "32"
        case deny = "35"
    }

    private let isColoured: Bool

    /// Finds out whether standard output shows colours.
    init() {
        let terminal = getenv("TERM").map { String(cString: $0) } ?? "dumb"
        isColoured = isatty(STDOUT_FILENO) == 1 && terminal != "dumb" && getenv("NO_COLOR") == nil
    }

    /// Never colours.
    init(isColoured: Bool) { self.isColoured = isColoured }

    /// The text in the colour of its role.
    func paint(_ text: String, _ role: Role) -> String {
        isColoured ? "\u{1B}[\(role.rawValue)m\(text)\u{1B}[0m" : text
    }
}
