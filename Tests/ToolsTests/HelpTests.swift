// SPDX-License-Identifier: Apache-2.0
// Whoever asks for help gets it, and nothing else happens.

import Foundation
import ProgramOptions
import TestSupport
import Testing

@testable import mosquitto_ctrl
@testable import mosquitto_passwd

@Suite("--help")
struct HelpTests {
    private static let commands = ControlModule.allCases.flatMap { module in
        module.commands.filter(\.isOnCommandLine).map { "\(module.rawValue) \($0.name)" }
    }

    @Test("help of a command asks no broker and names the page")
    func commands() throws {
        for (index, command) in Self.commands.enumerated() {
            let all = [["x", "-p", "--help"], ["--help"], ["x", "--help"]]
            for words in all.prefix(index == 0 ? all.count : 1) {
                let arguments = ["-h", "127.0.0.1", "-p", "1"]
                let name = command.split(separator: " ").map(String.init)
                let outcome = try ToolProgram.ctrl.run(arguments + name + words)
                #expect(outcome.status == 0, "\(command) \(words)")
                #expect(outcome.errors.isEmpty, "\(command) \(words)")
                #expect(outcome.output.hasPrefix("Usage: mosquitto_ctrl [options] \(command)"))
                #expect(outcome.output.contains("See mosquitto_ctrl"))
            }
        }
    }

    @Test("help of a module, in all the ways to ask for it")
    func modules() throws {
        for words in [["help"], ["--help"]] {
            let outcome = try ToolProgram.ctrl.run(["-p", "1", "dynsec"] + words)
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("\ncreateClient <username>"))
            #expect(outcome.output.hasSuffix("See mosquitto_ctrl_dynsec(1).\n"))
        }
        let one = try ToolProgram.ctrl.run(["dynsec", "help", "createRole"])
        #expect(one.output.hasPrefix("Usage: mosquitto_ctrl [options] dynsec createRole"))
        let unknown = try ToolProgram.ctrl.run(["dynsec", "nothing", "--help"])
        #expect(unknown.status == 13)
    }

    @Test("options in front of it do not matter, nor that it stands for a value")
    func values() throws {
        for words in [
            ["--help"], ["-u", "--help"], ["-p", "--help"], ["-q", "--help", "broker"],
        ] {
            let outcome = try ToolProgram.ctrl.run(words)
            #expect(outcome.status == 1, "\(words)")
            #expect(outcome.output.contains("Usage: mosquitto_ctrl"), "\(words)")
            #expect(outcome.output.contains("See mosquitto_ctrl(1)."))
        }
    }

    @Test("no file is made or changed")
    func files() throws {
        let folder = try TemporaryFolder()
        let lines: [(ToolProgram, [String])] = [
            (.passwd, ["-c", "-b", "f", "u", "--help"]),
            (.passwd, ["-b", "-c", "--help", "u", "p"]),
            (.passwd, ["--help"]), (.passwd, ["-h"]), (.passwd, ["-D", "f", "--help"]),
            (.ctrl, ["dynsec", "init", "f", "admin", "pw", "--help"]),
            (.ctrl, ["dynsec", "init", "--help", "admin", "pw"]),
            (.ctrl, ["-f", "f", "dynsec", "setClientPassword", "admin", "--help"]),
        ]
        for (program, words) in lines {
            let outcome = try program.run(words, in: folder.path)
            #expect(outcome.status == 0, "\(words)")
            #expect(outcome.output.contains("Usage: \(program.rawValue)"), "\(words)")
        }
        for words in [["--tls-keylog", "--help"], ["-c", "--help"], ["-p", "--help"]] {
            let outcome = try ChildProcess.run(
                Broker.built("mosquitto"),
                words,
                directory: folder.path
            )
            #expect(outcome.status == 0, "\(words)")
            #expect(outcome.output.contains("See mosquitto(8) and mosquitto.conf(5)."))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test("the usage names every option of the table")
    func usage() {
        for name in OptionRule.all.flatMap(\.names) + CommandLineOption.completion.names {
            #expect(HelpText.usage.contains(name), "mosquitto_ctrl \(name)")
        }
        for option in PasswdOption.allCases {
            for name in option.description.names {
                #expect(Options.usage.contains(" \(name)"), "mosquitto_passwd \(name)")
            }
        }
    }

    @Test("the release is a line of its own where people look")
    func release() throws {
        let broker = Broker.built("mosquitto")
        let texts = [
            try ChildProcess.run(broker, ["--help"]).output,
            try ChildProcess.run(broker, ["--version"]).output,
            try ToolProgram.ctrl.run(["--version"]).output,
        ]
        for text in texts {
            #expect(text.split(separator: "\n").contains { $0.hasPrefix("Release: swift-") })
        }
    }
}
