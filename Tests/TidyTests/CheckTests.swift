// SPDX-License-Identifier: Apache-2.0
// The checks themselves: what they find and what they do not.

import Testing

@Suite("The checks themselves")
struct CheckTests {
    @Test("A long function is found, a wrapped head and a one-line body are understood")
    func functionSpans() {
        let body = Array(repeating: "        work()", count: 70)
        let lines =
            ["struct A {", "    package static func a(", "        b: Int", "    ) -> Int {"]
            + body + ["    }", "    init(c: Int) { d = c }", "    func e()", "}"]
        let spans = Functions.all(in: SourceFile(path: "a.swift", lines: lines))
        #expect(spans.map(\.line) == [2])
        #expect(spans.map(\.count) == [74])
    }

    @Test("A function in C is found by its margin, a table is not one")
    func cSpans() {
        let lines = [
            "static int a(int b)", "{", "    return b;", "}", "int c[] = {", "    1,", "};",
        ]
        let spans = Functions.all(in: SourceFile(path: "a.c", lines: lines))
        #expect(spans.map(\.line) == [1])
        #expect(spans.map(\.count) == [4])
    }

    @Test("A lock is found in each way to declare it")
    func locks() {
        let lines = [
            "    private let a: Mutex<State>", "    let b = Mutex(1)", "    a = Mutex(State())",
            "    // let c = Mutex(2)",
        ]
        let found = Locks.declared(in: [SourceFile(path: "Sources/T+Concern.swift", lines: lines)])
        #expect(found.map(\.name) == ["T.a", "T.b"])
    }
}
