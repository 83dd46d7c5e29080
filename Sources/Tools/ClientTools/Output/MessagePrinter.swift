// SPDX-License-Identifier: Apache-2.0
// How mosquitto_sub and mosquitto_rr print messages.

/// Makes of messages what is printed.
package struct MessagePrinter: Sendable {
    private let format: MessageFormat?
    private let isVerbose: Bool
    private let hasNewline: Bool
    private let isPretty: Bool
    private let needsTime: Bool

    /// Prints as options say.
    package init(_ options: ToolOptions) {
        format = options.format
        isVerbose = options.isVerbose
        hasNewline = options.hasNewline
        isPretty = options.isPretty
        needsTime = options.format?.needsTime ?? false
    }

    /// Appends a message to `output`; what could not be printed is reported.
    ///
    /// The time is asked for only if it is printed.
    package func print(
        _ message: UnsafePrintedMessage,
        at time: @autoclosure () -> ReceiptTime = .now,
        to output: inout [UInt8]
    ) -> [PrintProblem] {
        if let format {
            let moment = needsTime ? time() : ReceiptTime(seconds: 0, nanoseconds: 0)
            let problems = format.print(message, at: moment, isPretty: isPretty, to: &output)
            if hasNewline { output.append(UInt8(ascii: "\n")) }
            return problems
        }
        guard !message.payload.isEmpty else {
            if isVerbose, hasNewline {
                output.append(contentsOf: message.topic)
                output += " (null)\n".utf8
            }
            return []
        }
        if isVerbose {
            output.append(contentsOf: message.topic)
            output.append(UInt8(ascii: " "))
        }
        output.append(contentsOf: message.payload)
        if hasNewline { output.append(UInt8(ascii: "\n")) }
        return []
    }

    /// What is said on standard error of a problem.
    package static func complaint(_ problem: PrintProblem, topic: UnsafeRawBufferPointer) -> String
    {
        let topic = String(decoding: topic, as: UTF8.self)
        return switch problem {
        case .notJSON: "Error: Message payload is not valid JSON on topic \(topic)."
        case .notNumber(let count):
            "Error: Message payload is not a number of \(count) bytes on topic \(topic)."
        }
    }
}
