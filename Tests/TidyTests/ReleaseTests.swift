// SPDX-License-Identifier: Apache-2.0
// The release is one constant, and what is written about it follows.

import Testing

@Suite("Release")
struct ReleaseTests {
    /// The number and the release that the code says.
    private func constants() throws -> (number: String, release: String) {
        let path = "Sources/Broker/Config/BrokerVersion.swift"
        let file = try #require(SourceTree.file(path), "\(path) is missing")
        let numbers = file.lines.compactMap {
            $0.firstMatch(of: #/static let (?:major|minor|revision): Int32 = (\d+)/#)?.output.1
        }
        try #require(numbers.count == 3)
        let release = file.lines.compactMap {
            $0.firstMatch(of: #/static let release = "(swift-[1-9]\d*)"/#)?.output.1
        }
        return (numbers.joined(separator: "."), String(try #require(release.first)))
    }

    @Test("CHANGELOG.md begins with the section of the release")
    func changelog() throws {
        let (number, release) = try constants()
        let document = try #require(SourceTree.file("CHANGELOG.md"), "CHANGELOG.md is missing")
        let heading = try #require(document.lines.first { $0.hasPrefix("## ") })
        let match = heading.wholeMatch(of: #/## (.+) \((.+)\), \d{4}-\d\d-\d\d/#)
        #expect(match?.output.1 == release[...], "\(heading)")
        #expect(match?.output.2 == number[...], "\(heading)")
    }

    @Test("No other file under Sources says the release or the version")
    func oneConstant() throws {
        let (number, release) = try constants()
        for file in SourceTree.sources where file.baseName != "BrokerVersion" {
            for (line, text) in file.code where text.has("\"\(number)\"") || text.has(release) {
                Issue.record("\(file.path):\(line): BrokerVersion says that")
            }
        }
    }

    @Test("The Debian package, where there is one, has the version and the release")
    func package() throws {
        guard let file = SourceTree.file("debian/changelog") else { return }
        let (number, release) = try constants()
        let version = "\(number)+\(release.filter { $0 != "-" })-"
        #expect(file.lines.first?.has("(\(version)") == true, "debian/changelog: \(version)N")
    }

    @Test("A script asks for help before it does anything")
    func scripts() {
        for file in SourceTree.documents
        where file.path.hasPrefix("scripts/") && file.lines.first?.hasPrefix("#!") == true {
            let commands = file.lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }.prefix(3)
            #expect(
                commands == [
                    "set -euo pipefail", "cd \"$(dirname \"$0\")/..\"", ". scripts/dependencies.sh",
                ],
                "\(file.path): it begins with what looks for --help"
            )
        }
    }
}
