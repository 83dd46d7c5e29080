// SPDX-License-Identifier: Apache-2.0
// The headers of the client library: all functions of its export list, all that those of 2.0 have.

import Foundation
import TestSupport
import Testing

/// The headers of 2.0, where they are installed.
private let original = ["/usr/include/mosquitto.h", "/usr/include/mqtt_protocol.h"]
private let hasOriginal = original.allSatisfy { FileManager.default.fileExists(atPath: $0) }

@Suite struct ClientHeaderTests {
    @Test("A program that calls every function compiles", arguments: Language.allCases)
    func callsEverything(language: Language) throws {
        let source = "\(Headers.sources)/client_calls.c"
        let outcome = try Headers.compile(
            language.arguments + ["-Wpedantic", "-I\(Headers.folder)", source]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        let text = try String(contentsOfFile: source, encoding: .utf8)
        let called = Set(text.matches(of: /\b(mosquitto_\w+)\(/).map { String($0.1) })
        #expect(called == Set(try ExportList().nodes.keys))
    }

    @Test("Structs are laid out as in the interface")
    func layouts() throws {
        let source = "\(Headers.sources)/client_layouts.c"
        let outcome = try Headers.compile(["-std=c11", "-I\(Headers.folder)", source])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test("… and so they are in the original headers of 2.0", .enabled(if: hasOriginal))
    func layoutsOfOriginal() throws {
        let outcome = try Headers.compile(["-std=c11", "\(Headers.sources)/client_layouts.c"])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(
        "The export list has the functions of the client's headers and those of the common library"
    )
    func exportListIsComplete() throws {
        let names = Set(try ExportList().nodes.keys)
        let own = Set(try Headers.declarations(marked: ["libmosq_EXPORT"]).map(\.name))
        let common = Set(try Headers.declarations(marked: ["libmosqcommon_EXPORT"]).map(\.name))
        #expect(own.count == 76)
        #expect(own.isDisjoint(with: common))
        #expect(own.isSubset(of: names))
        #expect(names.subtracting(own).isSubset(of: common))
    }

    @Test("Each node of the export list has as many functions as the interface")
    func countsPerNode() throws {
        let counts = Dictionary(grouping: try ExportList().nodes.values) { $0 }.mapValues(\.count)
        #expect(
            counts == [
                "MOSQ_1.0": 43, "MOSQ_1.1": 1, "MOSQ_1.2": 6, "MOSQ_1.3": 1, "MOSQ_1.4": 5,
                "MOSQ_1.5": 9, "MOSQ_1.6": 38, "MOSQ_1.7": 4, "MOSQ_2.1": 19,
            ]
        )
    }

    @Test(
        "Each function of 2.0 has the node it has in the library of 2.0",
        .enabled(if: OriginalLibrary.isInstalled)
    )
    func nodesOfOriginal() throws {
        let found = try ChildProcess.run(
            "/bin/sh",
            ["-c", "ldconfig -p | sed -n 's/.*libmosquitto.so.1 .*=> //p' | head -n 1"]
        )
        let path = found.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let symbols = try ExportList.symbols(of: path)
        try #require(symbols.count == 107)
        let list = try ExportList().nodes
        for (name, node) in symbols { #expect(list[name] == node, "\(name)") }
    }

    @Test(
        "What 2.0 declares can be declared after our headers",
        .enabled(if: hasOriginal)
    )
    func declaresWhatOriginalDeclares() throws {
        let text = try String(contentsOfFile: original[0], encoding: .utf8)
        let declarations = text.matches(of: /(?m)^libmosq_EXPORT[^;]+;/).map { String($0.0) }
        #expect(declarations.count == 107)
        // 2.1 hands out the next property unprotected, which callers of 2.0 do not notice.
        let kept = declarations.filter { !$0.contains("mosquitto_property_next(") }
        #expect(kept.count == 106)
        try expectCompiles(kept.joined(separator: "\n"))
        try expectCompiles(
            "const mosquitto_property *next(const mosquitto_property *p) { return mosquitto_property_next(p); }"
        )
    }

    @Test("The constants of 2.0 are there with their values", .enabled(if: hasOriginal))
    func hasConstantsOfOriginal() throws {
        // 2.1 has given these reason codes their own numbers, and a version is what it is.
        let changed: Set = [
            "MOSQ_ERR_RETAIN_NOT_SUPPORTED", "MOSQ_ERR_TOPIC_ALIAS_INVALID",
            "MOSQ_ERR_ADMINISTRATIVE_ACTION", "LIBMOSQUITTO_MINOR", "LIBMOSQUITTO_REVISION",
        ]
        var assertions: [String] = []
        for path in original {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let bare = text.replacing(/\/\*.*?\*\//.dotMatchesNewlines(), with: "")
            let pairs =
                bare.matches(of: /(?m)^\s*(\w+)\s*=\s*([-\w]+)/).map { ($0.1, $0.2) }
                + bare.matches(of: /(?m)^#define\s+([A-Z]\w+)[ \t]+(-?\d\w*|\(1<<\d\))\s*$/)
                .map { ($0.1, $0.2) }
            for (name, value) in pairs {
                let isChanged = changed.contains(String(name))
                let right = isChanged ? String(name) : String(value)
                assertions.append("_Static_assert((\(name)) == (\(right)), \"\(name)\");")
            }
        }
        #expect(assertions.count > 150)
        try expectCompiles(assertions.joined(separator: "\n"))
    }

    /// Compiles lines behind our headers.
    private func expectCompiles(_ lines: String) throws {
        let folder = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/lines.c"
        let text = "#include <mosquitto.h>\n#include <mqtt_protocol.h>\n\(lines)\n"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        let outcome = try Headers.compile(["-std=c11", "-I\(Headers.folder)", path])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}
