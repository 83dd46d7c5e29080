// SPDX-License-Identifier: Apache-2.0
// What the client tools say of themselves.

import Config
import ProgramOptions

extension ClientTool {
    /// The version, on one line: ours, and the library it sits on.
    package var versionLine: String {
        let number = BrokerVersion.number
        return "\(rawValue) version \(number) running on libmosquitto \(number)."
    }

    /// The usage, with a line for each option.
    package var usage: String {
        let lines = (options.map(\.description) + [.completion]).map { option in
            "  \(option.names.joined(separator: ", ")) : \(option.summary)"
        }
        return """
            \(purpose)
            \(versionLine)

            Usage: \(synopsis)
                   \(rawValue) --help

            Each option and each value is a word of its own. \
            ~/.config/\(rawValue) may have options, one on a line.

            \(lines.joined(separator: "\n"))

            See \(rawValue)(1).

            """
    }

    private var purpose: String {
        switch self {
        case .pub: "\(rawValue) publishes messages to a broker and ends when it has them."
        case .sub: "\(rawValue) subscribes to topics and prints the messages that come."
        case .rr: "\(rawValue) publishes a request and prints the first response to it."
        }
    }

    private var synopsis: String {
        switch self {
        case .pub: "\(rawValue) {-t topic | -L url} {-m message | -f file | -s | -l | -n} [options]"
        case .sub: "\(rawValue) {-t filter | -L url | -U filter}... [options]"
        case .rr:
            "\(rawValue) {-t topic | -L url} -e topic {-m message | -f file | -s | -n} [options]"
        }
    }
}
