// SPDX-License-Identifier: Apache-2.0
// The commands of the tutorials, run as they are printed.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Tutorials")
struct TutorialTests {
    /// Whether a process may have a network of its own here.
    private static let hasNameSpaces: Bool = {
        let spaces = geteuid() == 0 ? ["--net"] : ["--net", "--user", "--map-root-user"]
        let arguments = spaces + ["--pid", "--fork", "/bin/true"]
        return (try? ChildProcess.run("/usr/bin/unshare", arguments).status) == 0
    }()

    /// Those that take minutes are done by scripts/tutorials.sh.
    @Test(
        "what a tutorial says can be done, and comes out as it says",
        .enabled(if: hasNameSpaces, "no name spaces here"),
        arguments: [
            "docs/certificates.md", "docs/plugins-c.md", "docs/dynamic-security.md",
            "docs/sparkplug.md", "docs/bridges.md",
        ]
    )
    func tutorial(_ document: String) throws {
        let programs = (Broker.built("mosquitto") as NSString).deletingLastPathComponent
        let outcome = try ChildProcess.run(
            "/usr/bin/env",
            ["python3", "Tests/python/tutorial.py", document, programs],
            directory: Broker.packageRoot,
            seconds: 90
        )
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.hasPrefix("\(document): "))
    }

    @Test(
        "every command block of a document that shows commands with their prompt is of one that is run"
    )
    func documents() throws {
        let script = try String(
            contentsOfFile: Broker.packageRoot + "/scripts/tutorials.sh",
            encoding: .utf8
        )
        let folder = Broker.packageRoot + "/docs"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name.hasSuffix(".md") {
            let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            if text.contains("\n```console\n") {
                #expect(script.contains("docs/\(name)"), "scripts/tutorials.sh: docs/\(name)")
            }
        }
    }

    @Test(
        "a command that fails, and a line that does not come, are told",
        .enabled(if: hasNameSpaces)
    )
    func mistakes() throws {
        let folder = try TemporaryFolder()
        let cases = [
            ("$ false", "false: =status 1"), ("$ echo one\ntwo", "the line 'two' did not come"),
            ("", "there is no command in it"),
        ]
        for (block, complaint) in cases {
            let path = folder.file("tutorial")
            try "```console\n\(block)\n```\n".write(
                toFile: path,
                atomically: false,
                encoding: .utf8
            )
            let outcome = try ChildProcess.run(
                "/usr/bin/env",
                ["python3", "Tests/python/tutorial.py", path, folder.path],
                directory: Broker.packageRoot,
                environment: ["TUTORIAL_SECONDS": "0.3"]
            )
            #expect(outcome.status == 1, "\(block)")
            #expect((outcome.output + outcome.errors).contains(complaint), "\(outcome.errors)")
        }
    }
}
