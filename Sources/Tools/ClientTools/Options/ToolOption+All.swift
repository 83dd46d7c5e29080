// SPDX-License-Identifier: Apache-2.0
// The table of the options of the client tools.

import ProgramOptions

extension ToolOption {
    /// Every option of every tool.
    static let all: [ToolOption] =
        [connection, session, message, subscription, output, security, program].flatMap { $0 }

    private static let program: [ToolOption] = [
        .value(
            "-o",
            missing: "no options file",
            as: .file,
            "read options from this file before those of the command line."
        ) { _, _ in
            // Read before all others are looked at.
        },
        ToolOption(
            description: .init(["--help"], "print this help."),
            tools: .all,
            title: "--help",
            valueCount: 0
        ) { _, _ throws(OptionProblem) in throw .help },
        ToolOption(
            description: .init(["--version"], "print the version."),
            tools: .all,
            title: "--version",
            valueCount: 0
        ) { _, _ throws(OptionProblem) in throw .version },
    ]
}
