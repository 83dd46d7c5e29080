// SPDX-License-Identifier: Apache-2.0
// Reads lines from the terminal with editing, history and completion, by libedit.

@preconcurrency import CEdit
import Glibc

/// The line editor of the process; libedit knows only one.
enum LineEditor {
    /// Completes the last word of a line: gets the words before it and its beginning.
    typealias Completer = (_ before: [String], _ beginning: String) -> [String]

    // libedit calls back without context. All of this is used by the main thread alone, which is
    // the one inside `readline`.
    private nonisolated(unsafe) static var completer: Completer = { _, _ in [] }
    private nonisolated(unsafe) static var candidates: [String] = []

    /// Prepares the editor; words end at blanks only, as names may hold any other character.
    static func start(completer: @escaping Completer) {
        Self.completer = completer
        setlocale(LC_ALL, "")
        rl_initialize()
        using_history()
        rl_basic_word_break_characters = UnsafePointer(strdup(" "))
        // By itself libedit takes over the terminal after the prompt, and keys typed in between,
        // Ctrl-D above all, would mean something else. This hook runs just before the prompt.
        rl_pre_input_hook = {
            if isatty(STDIN_FILENO) == 1 { rl_prep_terminal(1) }
            return 0
        }
        rl_attempted_completion_function = { text, start, _ in
            LineEditor.complete(text, wordStart: Int(start))
        }
    }

    /// Reads one line; nil at the end of input.
    static func readLine(prompt: String) -> String? {
        guard let line = readline(prompt) else { return nil }
        defer { free(line) }
        let text = String(cString: line)
        if !text.allSatisfy({ $0 == " " }) { add_history(line) }
        return text
    }

    private static func complete(
        _ text: UnsafePointer<CChar>?,
        wordStart: Int
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        // Never fall back to the names of files.
        rl_attempted_completion_over = 1
        guard let text, let line = rl_line_buffer else { return nil }
        let front = String(cString: line).unicodeScalars.prefix(wordStart)
        let before = String(String.UnicodeScalarView(front)).split(separator: " ").map(String.init)
        candidates = completer(before, String(cString: text))
        return rl_completion_matches(text) { _, _ in LineEditor.nextCandidate() }
    }

    /// The next candidate in memory that libedit frees, nil after the last.
    private static func nextCandidate() -> UnsafeMutablePointer<CChar>? {
        guard !candidates.isEmpty else { return nil }
        return strdup(candidates.removeFirst())
    }
}
