// SPDX-License-Identifier: Apache-2.0
// mosquitto_ctrl: administers a running broker.

import Glibc
import ProgramOptions
import ToolSupport

/// The environment as a dictionary.
func environment(_ names: String...) -> [String: String] {
    var found: [String: String] = [:]
    for name in names {
        if let value = getenv(name) { found[name] = String(cString: value) }
    }
    return found
}

/// Runs the program and returns its exit status.
func run() -> Int32 {
    let parser: OptionParser
    do {
        let words = try ProgramArguments.texts()
        let completions = CompletionShell.completions(
            askedBy: words,
            of: CtrlProgram.description
        )
        if let text = completions {
            Terminal.write(text, to: STDOUT_FILENO)
            return 0
        }
        parser = try OptionParser(
            words,
            environment: environment("XDG_CONFIG_HOME", "HOME")
        )
    } catch {
        Terminal.complain(error.message)
        Terminal.say(HelpText.usage)
        return error.status
    }
    guard !parser.options.wantsHelp, parser.words.count != 1 else {
        Terminal.say(HelpText.usage)
        return 1
    }
    guard let name = parser.words.first else { return Shell(parser.options).run() }
    do {
        let words = Array(parser.words.dropFirst())
        if let module = ControlModule(name: name) {
            var command = OneShot(module: module, options: parser.options, words: words)
            try command.run()
        } else if let module = ExternalModule(name: name) {
            var options = parser.options
            try options.askPassword()
            try module.run(options, words)
        } else {
            throw ToolFailure("Error: Module '\(name)' not supported.", .notSupported)
        }
        return 0
    } catch let error as ToolFailure {
        if !error.message.isEmpty { Terminal.complain(error.message) }
        return error.status
    } catch {
        return ErrorCode.unknown.rawValue
    }
}

signal(SIGPIPE, SIG_IGN)
exit(run())
