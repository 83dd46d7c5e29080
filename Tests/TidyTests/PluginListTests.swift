// SPDX-License-Identifier: Apache-2.0
// The plugins that come with the broker are in every list of them.

import Testing

@Suite("Lists of plugins")
struct PluginListTests {
    /// The libraries that `Package.swift` makes of plugins, without `mosquitto_`, and their targets.
    private static let plugins: [(library: String, target: String)] =
        (SourceTree.file("Package.swift")?.lines.joined(separator: " ") ?? "")
        .matches(
            of: #/name: "mosquitto_(\w+)",\s+type: \.dynamic,\s+targets: \["(\w+)"\]/#
        )
        .map { (String($0.output.1), String($0.output.2)) }

    @Test(
        "Each plugin is packaged, in the manual, on the map of the house, and told of in a document"
    )
    func lists() throws {
        #expect(Self.plugins.count >= 5)
        let rules = try #require(SourceTree.file("debian/rules"))
        let packaged = rules.lines.first { $0.hasPrefix("PLUGINS = ") } ?? ""
        let manual = try #require(SourceTree.file("docs/man/mosquitto.7.md")).lines.joined()
        let map = try #require(SourceTree.file("ARCHITECTURE.md")).lines.joined()
        let told = SourceTree.documents.filter {
            $0.path.hasPrefix("docs/") && !$0.path.hasPrefix("docs/man/")
        }
        for (library, target) in Self.plugins {
            #expect(
                packaged.split(separator: " ").contains { $0 == library },
                "debian/rules: \(library)"
            )
            #expect(
                manual.contains("`mosquitto_\(library).so`"),
                "docs/man/mosquitto.7.md: \(library)"
            )
            #expect(map.contains("`\(target)`"), "ARCHITECTURE.md: \(target)")
            #expect(
                told.contains { $0.lines.contains { $0.has("mosquitto_\(library).so") } },
                "docs: mosquitto_\(library).so"
            )
        }
    }
}
