// SPDX-License-Identifier: Apache-2.0
// The configurations that documents and examples show are ones the broker takes.

import Config
import Foundation
import TestSupport
import Testing

/// A block of code in a document.
private struct Block: CustomStringConvertible {
    let path: String
    /// The number of its first line.
    let line: Int
    /// What stands behind the backquotes; nil for a block that is only indented.
    let kind: String?
    var lines: [String] = []

    var description: String { "\(path):\(line)" }

    /// The first words of its lines, but for comments.
    var names: [String] {
        lines.filter { !$0.hasPrefix("#") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
    }
}

@Suite("Configurations in documents")
struct DocumentedConfigurationTests {
    /// All blocks of all documents.
    private static let blocks = documents.flatMap(blocks(in:))

    /// What is in front of a configuration, by how the block is marked.
    private static let before: [String: [String]] = [
        "conf": [], "conf tls": ["listener 8883", "certfile server.crt", "keyfile server.key"],
    ]

    private static let documents: [String] = {
        let root = Broker.packageRoot
        let folders = ["docs", "examples", "plugins-c"]
        let nested = folders.flatMap { folder in
            (FileManager.default.subpaths(atPath: "\(root)/\(folder)") ?? [])
                .filter { $0.hasSuffix(".md") && !$0.contains(".build") }
                .map { "\(folder)/\($0)" }
        }
        return ["README.md", "HACKING.md"] + nested.sorted()
    }()

    private static func blocks(in path: String) -> [Block] {
        let text = FileManager.default.contents(atPath: "\(Broker.packageRoot)/\(path)") ?? Data()
        var found: [Block] = []
        var open: Block?
        let lines = String(decoding: text, as: UTF8.self).components(separatedBy: "\n")
        for (index, line) in lines.enumerated() {
            let isFence = line.hasPrefix("```")
            let isIndented = line.hasPrefix("    ")
            if var block = open {
                if block.kind != nil ? isFence : !isIndented {
                    found.append(block)
                    open = nil
                    continue
                }
                block.lines.append(block.kind != nil ? line : String(line.dropFirst(4)))
                open = block
            } else if isFence {
                open = Block(path: path, line: index + 1, kind: String(line.dropFirst(3)))
            } else if isIndented {
                let first = String(line.dropFirst(4))
                open = Block(path: path, line: index + 1, kind: nil, lines: [first])
            }
        }
        return found
    }

    /// Reads a configuration whose files need not be there.
    private func parse(_ lines: [String]) throws {
        let text = lines.joined(separator: "\n") + "\n"
        var parser = ConfigurationParser(
            source: MemorySource(files: ["f": Array(text.utf8)], directories: directories(lines))
        )
        try parser.parse(file: "f")
        _ = try parser.finish(ports: [])
    }

    /// The directories that options name, which are looked for when they are read.
    private func directories(_ lines: [String]) -> [String: [String]] {
        let named = lines.filter { $0.hasPrefix("http_dir ") || $0.hasPrefix("include_dir ") }
        let paths = named.compactMap { $0.split(separator: " ").last.map(String.init) }
        return Dictionary(paths.map { ($0, []) }) { first, _ in first }
    }

    @Test("every block that is marked as a configuration is one, alone or behind a TLS listener")
    func marked() {
        let marked = Self.blocks.filter { $0.kind?.hasPrefix("conf") == true }
        #expect(marked.count > 15)
        for block in marked {
            let before = Self.before[block.kind ?? ""]
            #expect(before != nil, "\(block): \(block.kind ?? "") is no kind of configuration")
            #expect(throws: Never.self, "\(block)") { try parse((before ?? []) + block.lines) }
        }
    }

    @Test("every block that looks like a configuration is marked as one")
    func unmarked() {
        for block in Self.blocks where block.kind == nil || block.kind == "" {
            let names = block.names
            let isConfiguration = !names.isEmpty && names.allSatisfy(Self.isOption)
            #expect(!isConfiguration, "\(block): it wants ```conf")
        }
    }

    @Test("examples are configurations")
    func examples() throws {
        let folder = Broker.packageRoot + "/examples"
        let paths = (FileManager.default.subpaths(atPath: folder) ?? [])
            .filter { $0.hasSuffix(".conf") && !$0.contains(".build") }
        #expect(paths.count > 4)
        for path in paths {
            let text = try String(contentsOfFile: "\(folder)/\(path)", encoding: .utf8)
            let lines = text.components(separatedBy: "\n")
            #expect(throws: Never.self, "examples/\(path)") { try parse(lines) }
            #expect(lines.allSatisfy { !Self.hasComment($0) }, "examples/\(path)")
        }
    }

    @Test("no value has a comment behind it, which would be part of the value")
    func comments() {
        for block in Self.blocks where block.kind?.hasPrefix("conf") == true {
            for line in block.lines where Self.hasComment(line) {
                Issue.record("\(block): \(line)")
            }
        }
    }

    /// Whether text that looks like a comment stands behind a value.
    private static func hasComment(_ line: String) -> Bool {
        !line.hasPrefix("#") && !line.hasPrefix("topic ") && line.contains(" #")
    }

    private static func isOption(_ name: String) -> Bool {
        name.hasPrefix("plugin_opt_") || name.hasPrefix("auth_opt_") || options.contains(name)
    }

    /// The options, but for those that begin lines of access control files as well.
    private static let options: Set<String> = {
        let tables = [
            OptionNames.bools, OptionNames.ints, OptionNames.stringsOnce,
            OptionNames.stringsLast, OptionNames.others,
        ]
        return Set(tables.joined().map(\.0) + ["listener"]).subtracting(["user", "topic"])
    }()
}
