// SPDX-License-Identifier: Apache-2.0
// Finds types in the text of files.

/// Finds the types that are declared at the margin, by the form `swift format` gives them.
enum TopLevelTypes {
    /// A type with its first line, from 1, and the number of its lines.
    struct Found {
        let name: String
        let line: Int
        let count: Int
        /// Whether only its file sees it.
        let isPrivate: Bool
    }

    /// All types of a file.
    static func all(in file: SourceFile) -> [Found] {
        let start = #/^(@\S+ )*((\w+) )*(struct|class|enum|protocol|actor) (\w+).*/#
        let keywords = ["struct ", "class ", "enum ", "protocol ", "actor "]
        return file.code.compactMap { number, text in
            guard text.first != " ", !text.hasPrefix("import "), keywords.contains(where: text.has),
                let match = text.wholeMatch(of: start)
            else { return nil }
            let rest = file.lines[(number - 1)...]
            let isOneLine = text.trimmed.hasSuffix("}")
            let end = isOneLine ? number - 1 : rest.firstIndex(of: "}") ?? number - 1
            return Found(
                name: String(match.output.5),
                line: number,
                count: end - number + 2,
                isPrivate: text.has("private ")
            )
        }
    }
}

extension SourceFile {
    /// The type at the margin that a line, from 1, is in, or that an extension there extends; nil
    /// when it is in none.
    func type(around number: Int) -> String? {
        let start = #/^(@\S+ )*((\w+) )*(struct|class|enum|actor|extension) (\w+).*/#
        guard lines[number - 1].first == " " else { return nil }
        for line in lines[..<(number - 1)].reversed() where line.first != " " {
            if line.first == "}" { return nil }
            if let match = line.wholeMatch(of: start) { return String(match.output.5) }
        }
        return nil
    }
}
