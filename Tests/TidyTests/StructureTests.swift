// SPDX-License-Identifier: Apache-2.0
// The structure of the package: imports, unsafety, locks, the map of the folders.

import Testing

@Suite("Structure of the package")
struct StructureTests {
    /// The modules that know nothing of the broker, which most others may import.
    static let leaves: Set<String> = [
        "Encoding", "JSON", "PasswordHash", "ProgramOptions", "Results", "SafeFiles", "TopicRules",
    ]

    /// Which of our modules a folder may import; the first matching prefix counts.
    static let allowedImports: [(folder: String, modules: Set<String>)] = [
        ("Sources/Leaves/", leaves),
        ("Sources/Broker/MQTT/", leaves),
        ("Sources/Broker/Topics/", leaves),
        ("Sources/Broker/Inflight/", ["MQTT"]),
        ("Sources/Client/ClientMachine/", ["MQTT", "Inflight"]),
        ("Sources/Client/PacketTracing/", ["MQTT"]),
        (
            "Sources/Client/LibMosquitto/",
            leaves.union([
                "MQTTClient", "PacketTracing", "ClientMachine", "CommonLibrary", "PropertyLists",
                "CMosquitto", "CBrokerShims", "MQTT", "Net",
            ])
        ),
        ("Sources/Broker/Log/", leaves),
        ("Sources/Broker/Config/", leaves.union(["Log"])),
        ("Sources/Broker/Persist/", leaves.union(["MQTT", "Inflight"])),
        ("Sources/Broker/Net/", ["SafeFiles", "CBrokerShims"]),
        ("Sources/Broker/HostAccess/", ["Net"]),
        (
            "Sources/Client/MQTTClient/",
            leaves.union(["MQTT", "Inflight", "ClientMachine", "Net"])
        ),
        (
            "Sources/Broker/Core/",
            leaves.union([
                "MQTT", "Topics", "Inflight", "ClientMachine", "Config", "Persist", "Net", "Log",
                "HostAccess",
            ])
        ),
        ("Sources/PluginABI/CommonLibrary", leaves.union(["CMosquitto", "CBrokerShims"])),
        (
            "Sources/PluginABI/CommonPasswords/",
            leaves.union(["CMosquitto", "CommonLibrary"])
        ),
        (
            "Sources/PluginABI/CommonJSON/",
            leaves.union(["CMosquitto", "CBrokerShims", "CommonLibrary"])
        ),
        ("Sources/PluginABI/PropertyLists/", ["MQTT", "CBrokerShims", "CommonLibrary"]),
        ("Sources/PluginABI/Isolation/", []),
        (
            "Sources/PluginABI/PluginHost/",
            leaves.union([
                "CommonLibrary", "CommonPasswords", "CommonJSON", "PropertyLists", "Isolation",
                "Core", "MQTT", "Inflight", "Persist", "Config", "Net", "Log", "CMosquitto",
                "CBrokerShims",
            ])
        ),
        (
            "Sources/Broker/Mosquitto/",
            leaves.union([
                "MQTT", "Topics", "Config", "Persist", "Net", "Log", "Core", "PluginHost",
                "CMosquitto", "CBrokerShims",
            ])
        ),
        ("Sources/PluginABI/PluginSDK/", leaves.union(["CMosquitto", "CPluginEntry"])),
        ("Sources/Plugins/", leaves.union(["PluginSDK", "CMosquitto"])),
        (
            "Sources/Tools/",
            leaves.union([
                "MQTT", "MQTTClient", "ToolSupport", "ClientTools", "PacketTracing", "Config",
                "Persist", "Inflight",
            ])
        ),
    ]

    /// Modules that are ours; all others belong to the system.
    static let ownModules: Set<String> = leaves.union([
        "MQTT", "Topics", "Inflight", "Log", "Config", "Persist", "Net", "Core", "CMosquitto",
        "CBrokerShims", "CPluginEntry", "CommonLibrary", "CommonPasswords", "CommonJSON",
        "PropertyLists", "Isolation", "PluginHost", "PluginSDK", "PasswordFile", "ACLFile",
        "DynamicSecurity", "Scram", "SparkplugAware", "MQTTClient", "ToolSupport", "ClientMachine",
        "HostAccess", "ClientTools", "PacketTracing", "LibMosquitto",
    ])

    /// The files of the two modules that read bytes from peers.
    static let peerFacing = SourceTree.sources.filter {
        $0.path.hasPrefix("Sources/Broker/MQTT/") || $0.path.hasPrefix("Sources/Broker/Topics/")
    }

    @Test("A module imports only those of ours that it may")
    func imports() {
        for file in SourceTree.sources where file.isSwift {
            let rule = Self.allowedImports.first { file.path.hasPrefix($0.folder) }
            guard let rule else {
                Issue.record("\(file.path): no rule says what this folder may import")
                continue
            }
            for (number, module) in Self.imports(of: file)
            where Self.ownModules.contains(module) && !rule.modules.contains(module) {
                Issue.record("\(file.path):\(number): \(rule.folder) must not import \(module)")
            }
        }
    }

    @Test("Broker, plugins and their interface do without Foundation")
    func foundation() {
        for file in SourceTree.sources
        where file.isSwift && !file.path.hasPrefix("Sources/Tools/") {
            for (number, module) in Self.imports(of: file) where module.hasPrefix("Foundation") {
                Issue.record("\(file.path):\(number): imports \(module)")
            }
        }
    }

    @Test("MQTT and Topics import nothing but leaves, Glibc and Synchronization")
    func systemImports() {
        let allowed = Self.leaves.union(["Glibc", "Synchronization"])
        for file in Self.peerFacing {
            for (number, module) in Self.imports(of: file) where !allowed.contains(module) {
                Issue.record("\(file.path):\(number): imports \(module)")
            }
        }
    }

    @Test("In MQTT and Topics raw memory is touched in Unsafe types and @unsafe functions only")
    func unsafeFiles() {
        for file in Self.peerFacing where !file.baseName.hasPrefix("Unsafe") {
            for (number, text) in file.code
            where text.has("Pointer")
                && text.contains(/\bUnsafe(Mutable)?(Raw)?(Buffer)?Pointer\b/)
            {
                let above = file.lines[max(0, number - 5)..<number]
                #expect(
                    above.contains { $0.has("@unsafe") },
                    "\(file.path):\(number): a raw pointer outside an Unsafe type"
                )
            }
        }
    }

    @Test("What the compiler is asked to believe is explained above it and in LOCKS.md")
    func unchecked() throws {
        var found: Set<String> = []
        let marks = ["@unchecked" + " Sendable", "nonisolated" + "(unsafe)"]
        for file in SourceTree.sources where file.isSwift {
            for (number, text) in file.code where marks.contains(where: text.has) {
                found.insert(file.path)
                let above = file.lines[max(0, number - 8)..<(number - 1)]
                let isExplained = above.contains { $0.trimmed.hasPrefix("//") }
                #expect(isExplained, "\(file.path):\(number): no comment names the guard")
            }
        }
        let document = try #require(SourceTree.file("LOCKS.md"), "LOCKS.md is missing")
        let row = #/^\| `(Sources/[^`]+)` \| `.+` \| .{10,} \|$/#
        let rows = document.lines.compactMap { $0.wholeMatch(of: row)?.output.1 }.map(String.init)
        for path in found.subtracting(rows).sorted() {
            Issue.record("\(path): LOCKS.md has no row | `\(path)` | `Type` | reason |")
        }
        for path in Set(rows).subtracting(found).sorted() {
            Issue.record("LOCKS.md lists \(path), which asks for nothing")
        }
        #expect(rows.count == Set(rows).count, "LOCKS.md lists a file twice")
    }

    @Test("LOCKS.md has one row for each lock, named Type.property, and no other")
    func locks() throws {
        let document = try #require(SourceTree.file("LOCKS.md"), "LOCKS.md is missing")
        let row = /^\| *`([A-Za-z0-9_]+\.[A-Za-z0-9_]+)`.*/
        let listed = document.lines.compactMap { $0.wholeMatch(of: row)?.output.1 }.map(String.init)
        let declared = Locks.declared(in: SourceTree.sources)
        for lock in declared where !listed.contains(lock.name) {
            Issue.record("\(lock.place): LOCKS.md has no row that begins with | `\(lock.name)` |")
        }
        for name in listed where !declared.contains(where: { $0.name == name }) {
            Issue.record("LOCKS.md lists `\(name)`, which no file of that name declares")
        }
        #expect(listed.count == Set(listed).count, "LOCKS.md lists a lock twice")
    }

    @Test("LOCKS.md names every type that has atomics in its table of these, and no other")
    func atomics() throws {
        let document = try #require(SourceTree.file("LOCKS.md"), "LOCKS.md is missing")
        let table = document.lines.drop { $0 != "## Atomics" }.dropFirst()
            .prefix { !$0.hasPrefix("## ") }
        // "`A`, `B` in `C`" names A and B.
        let listed = table.filter { $0.hasPrefix("| `") }.flatMap { row in
            row.split(separator: "|")[0].split(separator: ",")
                .compactMap { $0.firstMatch(of: /`(\w+)`/)?.output.1 }.map(String.init)
        }
        let found = Locks.withAtomics(in: SourceTree.sources)
        #expect(found.count > 30)
        for atomic in found where !listed.contains(atomic.name) {
            Issue.record("\(atomic.place): no row about atomics in LOCKS.md names `\(atomic.name)`")
        }
        for name in Set(listed).sorted() where !found.contains(where: { $0.name == name }) {
            Issue.record("LOCKS.md lists `\(name)` among atomics, which has none")
        }
    }

    @Test("Every folder of the sources and every top folder has its line in ARCHITECTURE.md")
    func architecture() throws {
        let document = try #require(
            SourceTree.file("ARCHITECTURE.md"),
            "ARCHITECTURE.md is missing"
        )
        let text = document.lines.joined(separator: "\n")
        let words = Set(
            text.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }.map(String.init)
        )
        let parts = SourceTree.folders(in: "Sources").flatMap(SourceTree.folders(in:))
        let core = SourceTree.folders(in: "Sources/Broker/Core")
        let top = [
            "Sources", "Tests", "Benchmarks", "Fuzz", "docs", "scripts", "examples", "include",
        ]
        for folder in parts + core + top {
            let name = String(folder.split(separator: "/").last ?? "")
            #expect(words.contains(name), "ARCHITECTURE.md does not mention \(folder)")
        }
    }

    @Test("Every option the parser knows is described in docs/configuration.md")
    func documentedOptions() throws {
        let document = try #require(
            SourceTree.file("docs/configuration.md"),
            "docs/configuration.md is missing"
        )
        let text = document.lines.joined(separator: "\n")
        for name in try Self.optionNames() where !text.has("`\(name)`") {
            Issue.record("docs/configuration.md does not describe `\(name)`")
        }
    }

    @Test("The tests of the options know every one")
    func triedOptions() throws {
        let files = ["OptionNames", "OptionTableTests", "ValueTests"]
        let words = try files.map { try #require(SourceTree.file("Tests/ConfigTests/\($0).swift")) }
            .flatMap(\.lines).flatMap { $0.split { $0 == "\"" || $0 == " " || $0 == "'" } }
        let known = Set(words)
        for name in try Self.optionNames() where !known.contains(name[...]) {
            Issue.record("Tests/ConfigTests/OptionNames.swift does not name \(name)")
        }
    }

    /// The options in the tables of the configuration, sorted.
    private static func optionNames() throws -> [String] {
        let tables = SourceTree.sources.filter {
            $0.path.hasPrefix("Sources/Broker/Config/") && $0.baseName.hasSuffix("Options")
        }
        var names: Set<String> = []
        for line in tables.flatMap(\.lines) {
            guard let match = line.firstMatch(of: #/^ +"([a-z_0-9.]{3,})":/#) else { continue }
            names.insert(String(match.output.1))
        }
        try #require(names.count > 100)
        return names.sorted()
    }

    /// The imports of a file with their lines.
    static func imports(of file: SourceFile) -> [(number: Int, module: String)] {
        file.code.compactMap { number, text in
            let pattern = /^(@\w+ )*(\w+ )?import ((struct|class|enum|func|protocol) )?(\w+).*/
            guard text.has("import "), let match = text.wholeMatch(of: pattern) else {
                return nil
            }
            return (number, String(match.output.5))
        }
    }
}
