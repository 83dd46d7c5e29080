// SPDX-License-Identifier: Apache-2.0
// The form of files: heads, lengths, words that must not occur.

import Testing

@Suite("Form of the code")
struct FormTests {
    /// Words that must not occur in code; put together here so that this file has none of them.
    static let bannedInCode = [
        "fatal" + "Error(", "try" + "!", "TO" + "DO", "FIX" + "ME", "XX" + "X:", "for" + " now",
        "func scaf" + "fold", "catch {" + "}", "/wo" + "rk/",
    ]

    /// Words that must not occur in prose and scripts.
    static let bannedInProse = ["TO" + "DO", "FIX" + "ME", "for" + " now", "/wo" + "rk/"]

    @Test("There are files to check")
    func filesAreFound() {
        #expect(SourceTree.swiftFiles.count > 50)
        #expect(SourceTree.sources.contains { $0.path == "Sources/Broker/Log/Log.swift" })
    }

    @Test("A file begins with its licence and a line that says what it is for")
    func heads() {
        for file in SourceTree.files {
            // The package manager wants its version in the first line.
            let isManifest = file.lines.first?.hasPrefix("// swift-tools-version") == true
            let head = file.lines.dropFirst(isManifest ? 1 : 0).prefix(2)
            #expect(
                head.first?.contains("SPDX-License-Identifier: Apache-2.0") == true,
                "\(file.path):1: the first line is not the licence"
            )
            let second = head.last ?? ""
            let says = ["// ", "/* ", " * "].contains { second.hasPrefix($0) }
            #expect(says, "\(file.path):2: the second line does not say what the file is for")
        }
    }

    @Test("A file has at most 600 lines")
    func fileLengths() {
        for file in SourceTree.files where !file.path.hasPrefix("include/") {
            #expect(file.lines.count <= 600, "\(file.path) has \(file.lines.count) lines")
        }
    }

    @Test("A function has at most 70 lines")
    func functionLengths() {
        for file in SourceTree.files {
            for function in Functions.all(in: file) {
                #expect(
                    function.count <= 70,
                    "\(file.path):\(function.line): \(function.count) lines"
                )
            }
        }
    }

    @Test("Banned words do not occur in code")
    func bannedWords() {
        for file in SourceTree.files {
            report(Self.bannedInCode, in: file)
        }
    }

    @Test("Banned words do not occur in prose and scripts")
    func bannedProse() {
        for file in SourceTree.documents {
            report(Self.bannedInProse, in: file)
        }
    }

    @Test("A catch that drops its error says why")
    func emptyCatches() {
        for file in SourceTree.swiftFiles {
            for (line, next) in zip(file.lines, file.lines.dropFirst())
            where line.hasSuffix("catch {") && next.trimmed == "}" {
                Issue.record("\(file.path): empty catch")
            }
        }
    }

    /// Records every line of the file with one of the words.
    private func report(_ words: [String], in file: SourceFile) {
        for (index, line) in file.lines.enumerated() {
            for word in words where line.has(word) {
                Issue.record("\(file.path):\(index + 1): '\(word)'")
            }
        }
    }
}
