// SPDX-License-Identifier: Apache-2.0
// The code in the articles of the library compiles.

import Foundation
import TestSupport
import Testing

@Suite("Articles of the library")
struct ArticleTests {
    private static let folder =
        Broker.packageRoot + "/Sources/Client/MQTTClient/MQTTClient.docc"

    /// The Swift code of an article, one text for each block.
    private static func blocks(of article: String) throws -> [String] {
        let text = try String(contentsOfFile: folder + "/" + article, encoding: .utf8)
        return text.components(separatedBy: "```swift\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
    }

    @Test("Each block is a program of its own that compiles")
    func blocks() throws {
        let articles = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
        let scratch = try TemporaryFolder()
        var count = 0
        for article in articles.sorted() where article.hasSuffix(".md") {
            for block in try Self.blocks(of: article) {
                count += 1
                try scratch.write("main.swift", block)
                let outcome = try ChildProcess.run(
                    "/usr/bin/env",
                    [
                        "swiftc", "-typecheck", "-swift-version", "6", "-warnings-as-errors",
                        "-I", Broker.packageRoot + "/.build/debug/Modules",
                        "-I", Broker.packageRoot + "/Sources/System/CLinux",
                        "-I", Broker.packageRoot + "/Sources/System/COpenSSL",
                        "-I", Broker.packageRoot + "/include",
                        "-Xcc",
                        "-fmodule-map-file=" + Broker.packageRoot
                            + "/.build/debug/CBrokerShims.build/module.modulemap",
                        scratch.file("main.swift"),
                    ],
                    seconds: 120
                )
                #expect(outcome.status == 0, "\(article):\n\(block)\n\(outcome.errors)")
            }
        }
        #expect(count >= 6, "the articles have code")
    }
}
