// SPDX-License-Identifier: Apache-2.0
// The manual pages: complete, and in a form every reader takes.

import ClientTools
import Foundation
import ProgramOptions
import TestSupport
import Testing

@testable import mosquitto_ctrl
@testable import mosquitto_db_dump
@testable import mosquitto_passwd
@testable import mosquitto_signal

@Suite("Manual pages")
struct ManualTests {
    /// The Markdown of a page with what it includes.
    private func page(_ name: String) throws -> String {
        let outcome = try ChildProcess.run(
            "/usr/bin/env",
            ["awk", "-f", "scripts/man.awk", "docs/man/\(name).md"],
            directory: Broker.packageRoot
        )
        try #require(outcome.status == 0, "\(name): \(outcome.errors)")
        return outcome.output
    }

    /// The lines that begin an entry of a list, without asterisks and backquotes.
    private func entries(of page: String) -> [[String]] {
        let lines = page.split(separator: "\n").map(String.init)
        return zip(lines, lines.dropFirst()).filter { $1.hasPrefix(":   ") }.map { line, _ in
            line.split { " ,".contains($0) }.map { word in
                String(word.filter { !"*`".contains($0) })
            }
        }
    }

    @Test("mosquitto.conf(5) has an entry for every option the parser knows")
    func options() throws {
        let folder = Broker.packageRoot + "/Sources/Broker/Config"
        let tables = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix("Options.swift") }
        var names: Set<String> = []
        for table in tables {
            let text = try String(contentsOfFile: "\(folder)/\(table)", encoding: .utf8)
            for line in text.split(separator: "\n") {
                if let match = line.firstMatch(of: #/^ +"([a-z_0-9.]+)":/#) {
                    names.insert(String(match.output.1))
                }
            }
        }
        #expect(names.count > 100)
        let entries = Set(try entries(of: page("mosquitto.conf.5")).joined())
        #expect(names.subtracting(entries).sorted() == [], "have no entry")
    }

    @Test("the page of a program has an entry for each of its options")
    func programs() throws {
        let help = try ChildProcess.run(Broker.built("mosquitto"), ["--help"]).output
        let broker = help.split(separator: "\n").filter { $0.hasPrefix(" -") }
            .flatMap { $0.prefix { $0 != ":" }.split { " ,".contains($0) }.map(String.init) }
        let passwd = PasswdOption.program.options.flatMap(\.names)
        let ctrl = CtrlProgram.description.options.flatMap(\.names)
        let pages = [
            ("mosquitto.8", broker), ("mosquitto_passwd.1", passwd), ("mosquitto_ctrl.1", ctrl),
            ("mosquitto_signal.1", SignalOption.program.options.flatMap(\.names)),
            ("mosquitto_db_dump.1", DumpOption.program.options.flatMap(\.names)),
            ("mosquitto_pub.1", ClientTool.pub.program.options.flatMap(\.names)),
            ("mosquitto_sub.1", ClientTool.sub.program.options.flatMap(\.names)),
            ("mosquitto_rr.1", ClientTool.rr.program.options.flatMap(\.names)),
        ]
        for (name, options) in pages {
            #expect(options.count > 3)
            let entries = Set(try entries(of: page(name)).joined())
            #expect(Set(options).subtracting(entries).sorted() == [], "\(name): have no entry")
        }
    }

    @Test("each command of a module stands in the page of the module")
    func commands() throws {
        for module in ControlModule.allCases {
            let name = module == .dynsec ? "mosquitto_ctrl_dynsec.1" : "mosquitto_ctrl.1"
            let text = try page(name)
            for rule in module.commands where rule.isOnCommandLine {
                #expect(text.contains("`\(rule.name)`"), "\(name): \(rule.name)")
            }
        }
        let shell = try page("mosquitto_ctrl_shell.1")
        for rule in CommandRule.dynsec where rule.isInShell && !rule.isOnCommandLine {
            #expect(shell.contains("`\(rule.name)`"), "mosquitto_ctrl_shell.1: \(rule.name)")
        }
    }

    @Test("a section that is not there is an error, as is an unknown comment")
    func mistakes() throws {
        let folder = try TemporaryFolder()
        for line in ["<!-- include docs/tls.md: Nothing -->", "<!-- inclde -->"] {
            let path = folder.file("page")
            try "\(line)\n".write(toFile: path, atomically: false, encoding: .utf8)
            let outcome = try ChildProcess.run(
                "/usr/bin/env",
                ["awk", "-f", "scripts/man.awk", path],
                directory: Broker.packageRoot
            )
            #expect(outcome.status == 1, "\(line)")
            #expect(outcome.errors.hasPrefix("\(path):1: "), "\(outcome.errors)")
        }
    }

    private static let formatters = ["/usr/bin/pandoc", "/usr/bin/mandoc"]

    @Test(
        "mandoc finds nothing wrong with any page; version, release and date are in them",
        .enabled(if: formatters.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) })
    )
    func form() throws {
        let folder = try TemporaryFolder()
        let built = (Broker.built("mosquitto") as NSString).deletingLastPathComponent
        let made = try ChildProcess.run(
            Broker.packageRoot + "/scripts/man.sh",
            [folder.path, built],
            seconds: 60
        )
        try #require(made.status == 0, "\(made.errors)")
        let pages = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasPrefix("man") && $0.contains("/") }
        #expect(pages.count == 16)
        for page in pages {
            let path = folder.file(page)
            let lint = try ChildProcess.run("/usr/bin/mandoc", ["-T", "lint", path])
            #expect(lint.output.isEmpty, "\(page): \(lint.output)")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let title = text.split(separator: "\n").first { $0.hasPrefix(".TH ") } ?? ""
            let pattern =
                #/\.TH ".+" "[1-8]" "\d{4}-\d\d-\d\d" "mosquitto 2\.1\.2 swift-\d+" ""/#
            #expect(title.wholeMatch(of: pattern) != nil, "\(page): \(title)")
        }
    }
}
