// SPDX-License-Identifier: Apache-2.0
// Options that say what to receive, and how to print it.

import ProgramOptions

extension ToolOption {
    /// What to receive.
    static let subscription: [ToolOption] = [
        .value("-C", for: .sub, missing: "no count", "leave after so many messages.") {
            options,
            value throws(OptionProblem) in
            let count = CNumber.integer(value)
            guard count >= 1 else { throw .spaced("Error: Invalid message count \"\(count)\".") }
            options.messageCount = count
        },
        .flag("-E", for: .sub, does: "leave when the broker has answered the subscription.") {
            $0.exitsWhenSubscribed = true
        },
        .value("-W", for: .printers, missing: "no timeout", "seconds after which to give up.") {
            options,
            value throws(OptionProblem) in
            let seconds = CNumber.integer(value)
            guard seconds >= 1 else { throw .spaced("Error: Invalid timeout \"\(seconds)\".") }
            options.timeoutSeconds = seconds
        },
        .value(
            "-T",
            "--filter-out",
            for: .sub,
            missing: "no topic filter",
            "drop messages of these topics."
        ) {
            options,
            value throws(OptionProblem) in
            options.filtersOut.append(try filter(value, "-T", "filter"))
        },
        .value(
            "-U",
            "--unsubscribe",
            for: .sub,
            missing: "no unsubscribe topic",
            "end this subscription."
        ) {
            options,
            value throws(OptionProblem) in
            options.unsubscribes.append(try filter(value, "-U", "unsubscribe"))
        },
        .flag("-R", for: .printers, does: "do not print retained messages.") {
            $0.ignoresRetained = true
        },
        .flag(
            "--retained-only",
            for: .sub,
            does: "print retained messages, and leave at the first other one."
        ) {
            $0.wantsOnlyRetained = true
        },
        .flag(
            "--remove-retained",
            for: .sub,
            does: "have the broker forget each retained message that comes."
        ) {
            $0.removesRetained = true
        },
        .flag(
            "--retain-as-published",
            for: .printers,
            does: "have the retain flag as it was published (MQTT 5.0)."
        ) {
            $0.retainAsPublished = true
        },
        .value(
            "--retain-handling",
            for: .printers,
            missing: "no option",
            as: .choice(["always", "new", "never"]),
            "whether retained messages are wanted: always, new or never (MQTT 5.0)."
        ) { options, value throws(OptionProblem) in
            switch value.text {
            case "always": options.retainHandling = .always
            case "new": options.retainHandling = .new
            case "never": options.retainHandling = .never
            default:
                throw .spaced("Error: Unknown value '\(value.text)' for --retain-handling.")
            }
        },
        .value(
            "--random-filter",
            for: .sub,
            missing: "no chance",
            "percentage of messages to print."
        ) {
            options,
            value throws(OptionProblem) in
            let percent = CNumber.double(value)
            guard (0.1...100).contains(percent) else {
                throw .spaced("Error: --random-filter chance must be between 0.1-100.0")
            }
            options.randomPerMille = Int((percent * 10).rounded())
        },
    ]

    /// How to print messages, and what else to say.
    static let output: [ToolOption] = [
        .flag("-v", "--verbose", for: .printers, does: "print the topic in front of the payload.") {
            $0.isVerbose = true
        },
        .flag("-N", for: .printers, does: "do not print a newline behind the payload.") {
            $0.hasNewline = false
        },
        .value("-F", for: .printers, missing: "no format", "how to print a message.") {
            options,
            value throws(OptionProblem) in
            options.format = try MessageFormat(value)
        },
        .flag("--pretty", for: .printers, does: "print JSON on several lines.") {
            $0.isPretty = true
        },
        .flag("-w", "--watch", for: .sub, does: "keep a line of the screen for each topic.") {
            $0.isWatching = true
        },
        .flag(
            "--message-rate",
            for: .sub,
            does: "print how many messages come per second instead of them."
        ) {
            $0.showsRate = true
        },
        .flag("-d", "--debug", does: "print what is sent and received.") { $0.isDebug = true },
        .flag("--quiet", does: "do not print errors of the connection.") { $0.isQuiet = true },
    ]

    private static func filter(
        _ value: [UInt8],
        _ name: String,
        _ title: String
    ) throws(OptionProblem) -> [UInt8] {
        try TopicCheck.utf8(value, name, isSpaced: true)
        guard TopicCheck.isFilter(value) else {
            throw .plain(
                "Error: Invalid \(title) topic '\(value.text)', "
                    + "are all '+' and '#' wildcards correct?"
            )
        }
        return value
    }
}
