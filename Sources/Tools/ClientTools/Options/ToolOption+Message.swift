// SPDX-License-Identifier: Apache-2.0
// Options that say what to publish.

import ProgramOptions

extension ToolOption {
    /// What to publish, and where.
    static let message: [ToolOption] = [
        .value("-t", "--topic", missing: "no topic", "topic; mosquitto_sub takes several filters.")
        {
            options,
            value throws(OptionProblem) in
            try TopicCheck.add(value, "-t", to: &options)
        },
        .value(
            "-q",
            "--qos",
            missing: "no QoS",
            as: .choice(["0", "1", "2"]),
            "quality of service (0)."
        ) {
            options,
            value throws(OptionProblem) in
            let qos = CNumber.integer(value)
            guard (0...2).contains(qos) else { throw .spaced("Error: Invalid QoS given: \(qos)") }
            options.qos = UInt8(qos)
        },
        .value("-m", "--message", for: .senders, missing: "no message", "the message.") {
            options,
            value throws(OptionProblem) in
            try options.take(.argument(value))
        },
        .value(
            "-f",
            "--file",
            for: .senders,
            missing: "no file",
            as: .file,
            "send what a file holds."
        ) {
            options,
            value throws(OptionProblem) in
            try options.take(.file(path: value.text))
        },
        source("-s", "--stdin-file", .input, "send all of standard input as one message."),
        source(
            "-l",
            "--stdin-line",
            .lines,
            "send each line of standard input as a message.",
            for: .pub
        ),
        source("-n", "--null-message", .nothing, "send an empty message."),
        .flag("-r", "--retain", for: .pub, does: "have the message retained.") {
            $0.isRetained = true
        },
        .value("-M", missing: "max_inflight not", "messages that may be under way at once (20).") {
            options,
            value throws(OptionProblem) in
            let count = CNumber.integer(value)
            guard count >= 1 else {
                throw .spaced("Error: Maximum inflight messages must be greater than 0.")
            }
            options.inFlightMax = count
        },
        .value("--repeat", for: .pub, missing: "no count", "send the message so many times.") {
            options,
            value throws(OptionProblem) in
            let count = CNumber.integer(value)
            guard count >= 1 else { throw .spaced("Error: --repeat argument must be >0.") }
            options.repeatCount = count
        },
        .value("--repeat-delay", for: .pub, missing: "no time", "seconds between two of them (0).")
        {
            options,
            value throws(OptionProblem) in
            let seconds = CNumber.double(value)
            guard seconds >= 0 else {
                throw .spaced("Error: --repeat-delay argument must be >=0.0.")
            }
            options.repeatDelaySeconds = seconds
        },
        .value(
            "-e",
            for: .rr,
            missing: "no response topic",
            "topic on which the answer is awaited."
        ) {
            options,
            value throws(OptionProblem) in
            try TopicCheck.utf8(value, "-e", isSpaced: true)
            guard TopicCheck.isName(value) else {
                throw .plain(
                    "Error: Invalid response topic '\(value.text)', does it contain '+' or '#'?"
                )
            }
            options.responseTopic = value
        },
        .flag("--progress", for: .pub, does: "show on the terminal how far it has come.") {
            $0.showsProgress = true
        },
        .flag("--latency", for: .rr, does: "print how long the answer took.") {
            $0.showsLatency = true
            $0.isNoDelay = true
        },
    ]

    private static func source(
        _ short: String,
        _ long: String,
        _ source: MessageSource,
        _ summary: String,
        for tools: ClientTool.Group = .senders
    ) -> ToolOption {
        ToolOption(
            description: .init([short, long], summary),
            tools: tools,
            title: short,
            valueCount: 0
        ) { options, _ throws(OptionProblem) in try options.take(source) }
    }
}

extension ToolOptions {
    /// Takes the one source of messages that there may be.
    fileprivate mutating func take(_ other: MessageSource) throws(OptionProblem) {
        guard source == nil else {
            throw .spaced("Error: Only one type of message can be sent at once.")
        }
        source = other
    }
}
