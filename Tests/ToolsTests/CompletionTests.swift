// SPDX-License-Identifier: Apache-2.0
// The completions the programs print, tried in the shells they are for.

import Foundation
import ProgramOptions
import TestSupport
import Testing

@Suite("Completions")
struct CompletionTests {
    private static let programs = [
        "mosquitto", "mosquitto_ctrl", "mosquitto_passwd", "mosquitto_signal", "mosquitto_db_dump",
        "mosquitto_pub", "mosquitto_sub", "mosquitto_rr",
    ]

    /// A command line with the word at the cursor last, and what is offered for it.
    private static let offers: [(line: [String], offered: Set<String>)] = [
        (["mosquitto", "--te"], ["--test-config"]),
        (["mosquitto", "-c", "alp"], ["alpha.conf"]),
        (["mosquitto", "-p", ""], []),
        (["mosquitto_ctrl", ""], ["broker", "dynsec"]),
        (["mosquitto_ctrl", "--ca"], ["--cafile", "--capath"]),
        (["mosquitto_ctrl", "--capath", ""], ["folder"]),
        (["mosquitto_ctrl", "-h", "dynsec", ""], ["broker", "dynsec"]),
        (["mosquitto_ctrl", "--qos", ""], ["0", "1", "2"]),
        (["mosquitto_ctrl", "-q", "1", "dynsec", "createC"], ["createClient"]),
        (
            ["mosquitto_ctrl", "broker", "list"],
            [
                "listBridges", "listClients", "listListeners", "listPlugins", "listRetained",
                "listSubscriptions",
            ]
        ),
        (["mosquitto_ctrl", "dynsec", "createClient", "u", "-"], ["-c", "-p", "--help"]),
        (["mosquitto_ctrl", "dynsec", "createClient", "u", "-p", "x", ""], []),
        (
            ["mosquitto_ctrl", "dynsec", "addRoleACL", "r", "sub"],
            ["subscribeLiteral", "subscribePattern"]
        ),
        (["mosquitto_ctrl", "dynsec", "addRoleACL", "r", "x", "t", ""], ["allow", "deny"]),
        (["mosquitto_ctrl", "dynsec", "setDefaultACLAccess", "uns"], ["unsubscribe"]),
        (["mosquitto_passwd", "-H", "arg"], ["argon2id"]),
        (["mosquitto_passwd", "-c", "alp"], ["alpha.conf"]),
        (["mosquitto_signal", "-a", "conf"], ["config-reload"]),
        (["mosquitto_db_dump", "--json", "alp"], ["alpha.conf"]),
        (["mosquitto_pub", "--rep"], ["--repeat", "--repeat-delay"]),
        (["mosquitto_pub", "-f", "alp"], ["alpha.conf"]),
        (["mosquitto_sub", "--retain-handling", "ne"], ["new", "never"]),
        (["mosquitto_rr", "-q", ""], ["0", "1", "2"]),
    ]

    /// A folder with the completions of all programs for a shell, a file and a folder.
    private func folder(for shell: CompletionShell) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for program in Self.programs {
            let words = ["--completion", shell.rawValue]
            let outcome = try ChildProcess.run(Broker.built(program), words)
            #expect(outcome.status == 0)
            try outcome.output.write(
                toFile: folder.file("\(program).\(shell.rawValue)"),
                atomically: false,
                encoding: .utf8
            )
        }
        try Data().write(to: URL(fileURLWithPath: folder.file("alpha.conf")))
        try FileManager.default.createDirectory(
            atPath: folder.file("folder"),
            withIntermediateDirectories: false
        )
        return folder
    }

    @Test("bash offers what may stand at the cursor")
    func bash() throws {
        let folder = try folder(for: .bash)
        var script = Self.programs.map { "source ./\($0).bash\n" }.joined()
        script += """
            offer() {
                COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
                "_$1"
                echo "${COMPREPLY[*]}"
            }

            """
        for (line, _) in Self.offers {
            script += "offer " + line.map { "'\($0)'" }.joined(separator: " ") + "\n"
        }
        let arguments = ["--norc", "-c", script]
        let outcome = try ChildProcess.run("/bin/bash", arguments, directory: folder.path)
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
        let answers = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        try #require(answers.count == Self.offers.count + 1)
        for (expected, answer) in zip(Self.offers, answers) {
            let words = Set(answer.split(separator: " ").map(String.init))
            #expect(words == expected.offered, "\(expected.line)")
        }
    }

    @Test(
        "fish offers what may stand at the cursor",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/fish"))
    )
    func fish() throws {
        let folder = try folder(for: .fish)
        var script = Self.programs.map { "source ./\($0).fish\n" }.joined()
        let lines = [
            ("mosquitto --te", ["--test-config"]), ("mosquitto_ctrl --qos ", ["0", "1", "2"]),
            ("mosquitto_ctrl dynsec createC", ["createClient"]),
            ("mosquitto_ctrl broker listP", ["listPlugins"]),
            ("mosquitto_passwd -H argon", ["argon2id"]),
        ]
        for (line, _) in lines { script += "complete -C '\(line)'\necho =\n" }
        let outcome = try ChildProcess.run(
            "/usr/bin/fish",
            ["--no-config", "-c", script],
            directory: folder.path,
            environment: ["HOME": folder.path]
        )
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
        let answers = outcome.output.components(separatedBy: "=\n")
        try #require(answers.count == lines.count + 1)
        for ((line, expected), answer) in zip(lines, answers) {
            let words = answer.split(separator: "\n").compactMap { $0.split(separator: "\t").first }
            #expect(words.map(String.init) == expected, "\(line)")
        }
    }

    @Test(
        "zsh reads its completions",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/zsh"))
    )
    func zsh() throws {
        let folder = try folder(for: .zsh)
        for program in Self.programs {
            let path = folder.file("\(program).zsh")
            let outcome = try ChildProcess.run("/usr/bin/zsh", ["-f", "-n", path])
            #expect(outcome.status == 0)
            #expect(outcome.errors.isEmpty, "\(outcome.errors)")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.hasPrefix("#compdef \(program)\n"))
        }
    }

    @Test("the words of a shell are quoted as it wants them")
    func quotes() {
        let option = CommandLineOption(["--one"], "it's one")
        let command = CommandLineCommand("two", "it's two")
        let program = CommandLineCommand("three", options: [option], commands: [command])
        let zsh = CompletionShell.zsh.completions(of: program)
        #expect(zsh.contains(#"'--one:it'\''s one'"#))
        let fish = CompletionShell.fish.completions(of: program)
        #expect(fish.contains(#"-l one -d 'it\'s one'"#))
        #expect(CompletionShell.completions(askedBy: ["--completion"], of: program) == nil)
        #expect(CompletionShell.completions(askedBy: ["--completion", "csh"], of: program) == nil)
    }
}
