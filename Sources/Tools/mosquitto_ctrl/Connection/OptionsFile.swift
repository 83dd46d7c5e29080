// SPDX-License-Identifier: Apache-2.0
// The file with options that are given on every call.

import SafeFiles
import ToolSupport

/// The options file: one option per line with its dashes, then at most one word.
///
/// Its entries are read after the command line and win over it, as in the original.
enum OptionsFile {
    private static let lineLengthMax = 1023

    /// Adds the options of the file that `-o` or the environment names; an unreadable one is none.
    static func apply(
        to options: inout ConnectionOptions,
        environment: [String: String]
    ) throws(ToolFailure) {
        guard let path = options.optionsFile ?? defaultPath(environment) else { return }
        let content: [UInt8]
        do {
            content = try File.readToEnd(path)
        } catch {
            return
        }
        for line in content.split(separator: UInt8(ascii: "\n"))
        where line.first != UInt8(ascii: "#") {
            guard let text = String(validating: line.prefix(lineLengthMax), as: UTF8.self) else {
                throw ToolFailure("Error: A line of \(path) is not valid UTF-8.")
            }
            try apply(line: text, to: &options)
        }
    }

    private static func apply(
        line: String,
        to options: inout ConnectionOptions
    ) throws(ToolFailure) {
        let words = line.split { $0 == " " || $0 == "\r" }.map(String.init)
        guard let name = words.first else { return }
        let rule = try OptionParser.rule(named: name)
        if let argument = rule.argument, words.count < 2 {
            throw ToolFailure(
                "Error: \(rule.title) argument given but no \(argument) specified.\n"
            )
        }
        let complaint = rule.apply(&options, words.count > 1 ? words[1] : "")
        if let complaint { throw ToolFailure(complaint) }
    }

    private static func defaultPath(_ environment: [String: String]) -> String? {
        if let folder = environment["XDG_CONFIG_HOME"] { return folder + "/mosquitto_ctrl" }
        return environment["HOME"].map { $0 + "/.config/mosquitto_ctrl" }
    }
}
