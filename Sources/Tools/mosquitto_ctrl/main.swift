// SPDX-License-Identifier: Apache-2.0
// mosquitto_ctrl: administers a running broker.

import Glibc
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
        parser = try OptionParser(
            Array(CommandLine.arguments.dropFirst()),
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
    guard let module = ControlModule(name: name) else {
        Terminal.complain("Error: Module '\(name)' not supported.")
        return ErrorCode.notSupported.rawValue
    }
    do {
        var command = OneShot(
            module: module,
            options: parser.options,
            words: Array(parser.words.dropFirst())
        )
        try command.run()
        return 0
    } catch {
        Terminal.complain(error.message)
        return error.status
    }
}

signal(SIGPIPE, SIG_IGN)
exit(run())
