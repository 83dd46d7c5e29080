// SPDX-License-Identifier: Apache-2.0
// What targets say they depend on is what they import.

import Testing

@Suite("Dependencies of targets")
struct DependencyTests {
    /// A target as `Package.swift` declares it.
    struct Declaration {
        let name: String
        let folder: String
        let dependencies: [String]
    }

    /// Targets that link what they do not import: a library that is nothing but another one's file.
    static let linking: Set<String> = ["CommonLibraryFile"]

    @Test("Each declared dependency of a Swift target is imported by it")
    func isImported() throws {
        let package = try #require(SourceTree.file("Package.swift"))
        let targets = Self.targets(in: package.lines)
        #expect(targets.count > 40)
        for target in targets where !Self.linking.contains(target.name) {
            let files = SourceTree.swiftFiles.filter { $0.path.hasPrefix(target.folder + "/") }
            guard !files.isEmpty else { continue }
            let imported = Set(files.flatMap(StructureTests.imports(of:)).map(\.module))
            for dependency in target.dependencies where !imported.contains(dependency) {
                Issue.record("Package.swift: \(target.name) imports \(dependency) nowhere")
            }
        }
    }

    @Test("Targets are found in each of their forms")
    func forms() {
        let lines = """
                    module("A", in: "Sources/Broker", uses: ["B", "C"]),
                    plugin("P", uses: ["B"]),
                    tests("ATests", uses: [
                        "A",
                    ]),
                    .executableTarget(
                        name: "x",
                        dependencies: [
                            "A", "B",
                        ],
                        path: "Sources/X",
                    ),
            """
        let targets = Self.targets(in: lines.split(separator: "\n").map(String.init))
        #expect(targets.map(\.name) == ["A", "P", "ATests", "x"])
        #expect(
            targets.map(\.folder) == [
                "Sources/Broker/A", "Sources/Plugins/P", "Tests/ATests", "Sources/X",
            ]
        )
        #expect(targets.map(\.dependencies) == [["B", "C"], ["B"], ["A"], ["A", "B"]])
    }

    /// The targets of a manifest; each begins a line, eight columns in.
    private static func targets(in lines: [String]) -> [Declaration] {
        let opening = #/^ {8}(module|plugin|tests|\.\w*[tT]arget)\(.*/#
        let starts = lines.indices.filter { lines[$0].wholeMatch(of: opening) != nil }
        return starts.enumerated().compactMap { number, start in
            let end = number + 1 < starts.count ? starts[number + 1] : lines.count
            let text = lines[start..<end].joined(separator: " ")
            guard let name = text.firstMatch(of: #/"(\w+)"/#)?.output.1 else { return nil }
            let list = text.firstMatch(of: #/(?:uses|dependencies): \[([^\]]*)\]/#)?.output.1
            let names = list?.matches(of: #/"(\w+)"/#).map { String($0.output.1) } ?? []
            return Declaration(
                name: String(name),
                folder: folder(of: String(name), in: text),
                dependencies: names
            )
        }
    }

    private static func folder(of name: String, in text: String) -> String {
        if let path = text.firstMatch(of: #/ path: "([^"]+)"/#)?.output.1 { return String(path) }
        if let parent = text.firstMatch(of: #/ in: "([^"]+)"/#)?.output.1 {
            return "\(parent)/\(name)"
        }
        return text.trimmed.hasPrefix("plugin(") ? "Sources/Plugins/\(name)" : "Tests/\(name)"
    }
}
