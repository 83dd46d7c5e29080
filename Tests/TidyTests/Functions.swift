// SPDX-License-Identifier: Apache-2.0
// Finds functions in the text of files.

/// Finds functions by the form `swift format` and our C give them.
enum Functions {
    /// Where a function begins and how many lines it has.
    typealias Span = (line: Int, count: Int)

    /// All functions of a file that have more than one line.
    static func all(in file: SourceFile) -> [Span] {
        file.isSwift ? swift(file.lines) : c(file.lines)
    }

    /// From `func`, `init` or `deinit` to the brace at the same indentation.
    private static func swift(_ lines: [String]) -> [Span] {
        let start = /^ *(@[^ ]+ )*([a-z()]+ )*(func |init[?(<]|deinit\b|subscript[(<]).*$/
        let keywords = ["func ", "init", "subscript"]
        return lines.indices.compactMap { index in
            // Looking for words first is what makes this fast: few lines reach the expression.
            guard keywords.contains(where: { lines[index].has($0) }),
                lines[index].wholeMatch(of: start) != nil
            else { return nil }
            return end(of: index, lines).map { (index + 1, $0 - index + 1) }
        }
    }

    /// The line that closes the function; nil for one-line bodies and requirements of protocols.
    private static func end(of start: Int, _ lines: [String]) -> Int? {
        let indent = lines[start].prefix { $0 == " " }.count
        for next in lines.indices.dropFirst(start + 1) where !lines[next].isEmpty {
            let depth = lines[next].prefix { $0 == " " }.count
            if depth > indent { continue }
            let text = lines[next].dropFirst(depth)
            // The parenthesis after wrapped parameters still belongs to the head.
            if depth == indent,
                text.hasPrefix(")") || text.hasPrefix("{") || text.hasPrefix("where")
            {
                continue
            }
            return depth == indent && text.hasPrefix("}") ? next : nil
        }
        return nil
    }

    /// From the last line at the margin to the closing brace at the margin; tables do not count.
    private static func c(_ lines: [String]) -> [Span] {
        var spans: [Span] = []
        var head = 0
        for (index, line) in lines.enumerated() {
            if line == "}" {
                spans.append((head + 1, index - head + 1))
            } else if let first = line.first, first.isLetter {
                head = index
            }
        }
        return spans
    }
}
