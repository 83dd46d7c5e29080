// SPDX-License-Identifier: Apache-2.0
// What comments and documents refer to is there.

import Foundation
import Testing

@Suite("Documents that are named")
struct DocumentTests {
    @Test("Every document that a comment, a script or a document names exists")
    func namedDocuments() {
        for file in SourceTree.files + SourceTree.documents {
            for (index, line) in file.lines.enumerated() {
                for name in Self.documents(in: line) where !Self.exists(name, namedIn: file) {
                    Issue.record("\(file.path):\(index + 1): there is no \(name)")
                }
            }
        }
    }

    @Test("Names of documents are found in prose, links and comments; addresses are none")
    func names() {
        let ending = ".m" + "d"
        let lines = [
            "// As docs/a\(ending) says (see b-c\(ending)).", "[d](../d\(ending)#part) e\(ending).",
            "https://example.org/f\(ending)", "g\(ending)x",
        ]
        let found = lines.flatMap(Self.documents)
        #expect(found == ["docs/a", "b-c", "../d", "e"].map { $0 + ending })
    }

    /// The documents that a line names, as it names them.
    static func documents(in line: String) -> [String] {
        guard line.has(".md") else { return [] }
        return line.matches(of: #/[A-Za-z0-9_./:-]+\.md\b/#)
            .map { String($0.output) }
            .filter { !$0.contains("://") }
    }

    /// Whether the name leads to a file from the top of the tree, or from the folder of the file that
    /// names it.
    private static func exists(_ name: String, namedIn file: SourceFile) -> Bool {
        let folder = (file.path as NSString).deletingLastPathComponent
        return [name, "\(folder)/\(name)"].contains {
            FileManager.default.fileExists(atPath: SourceTree.root.path + "/" + $0)
        }
    }
}
