// SPDX-License-Identifier: Apache-2.0
// Types: each where its name says, and assertions in those that hold raw memory.

import Testing

@Suite("Types")
struct TypeTests {
    /// From so many lines on a type has its own file.
    static let lineCountMax = 20

    /// The same for a type that only its file sees: whoever meets it is there already.
    static let privateLineCountMax = 70

    @Test("A type of more than 20 lines, or of 70 if it is private, has a file of its name")
    func ownFiles() {
        for file in SourceTree.swiftFiles {
            for type in TopLevelTypes.all(in: file) where type.name != file.typeName {
                let limit = type.isPrivate ? Self.privateLineCountMax : Self.lineCountMax
                #expect(
                    type.count <= limit,
                    "\(file.path):\(type.line): \(type.name) has \(type.count) lines and no file"
                )
            }
        }
    }

    @Test("What holds raw memory asserts what it relies on")
    func assertions() {
        let files = SourceTree.sources.filter { $0.isSwift && $0.baseName.hasPrefix("Unsafe") }
        #expect(files.count > 10)
        for (type, files) in Dictionary(grouping: files, by: \.typeName) {
            let asserts = files.flatMap(\.code).contains { _, text in
                text.has("assert(") || text.has("precondition(")
            }
            #expect(asserts, "\(files[0].path): \(type) states no invariant as an assertion")
        }
    }

    @Test("Types are found with their lines, whatever stands before and after them")
    func findsTypes() {
        let lines = [
            "@safe", "package struct A: B {", "    struct Inner {", "    }", "}",
            "private final class C {}", "extension A {", "}", "// enum D {", "enum E {",
            "    case f",
            "}",
        ]
        let found = TopLevelTypes.all(in: SourceFile(path: "a.swift", lines: lines))
        #expect(found.map(\.name) == ["A", "C", "E"])
        #expect(found.map(\.count) == [4, 1, 3])
        #expect(found.map(\.isPrivate) == [false, true, false])
    }

    @Test("A line is in the type around it, however deep, or in none")
    func findsEnclosingTypes() {
        let lines = [
            "let a = 1", "package final class A: B {", "    struct Inner {", "        let b = 1",
            "    }", "    let c = 1", "}", "", "func f(", "    d: Int", ") {", "    let e = 1", "}",
            "extension F {", "    var g: Int {", "        let h = 1",
        ]
        let file = SourceFile(path: "a.swift", lines: lines)
        #expect([1, 4, 6, 12, 16].map(file.type) == [nil, "A", "A", nil, "F"])
    }
}
