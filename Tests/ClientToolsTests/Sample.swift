// SPDX-License-Identifier: Apache-2.0
// A message to be printed.

@testable import ClientTools

/// A message to be printed.
struct Sample {
    var topic = "a/b"
    var payload: [UInt8] = Array("xyz".utf8)
    var qos: UInt8 = 0
    var isRetained = false
    var packetIdentifier: UInt16 = 0
    var properties: [UInt8] = []

    /// Lends it to `use`.
    func with<Result>(_ use: (UnsafePrintedMessage) -> Result) -> Result {
        Array(topic.utf8).withUnsafeBytes { topic in
            payload.withUnsafeBytes { payload in
                properties.withUnsafeBytes { properties in
                    use(
                        UnsafePrintedMessage(
                            topic: topic,
                            payload: payload,
                            qos: qos,
                            isRetained: isRetained,
                            packetIdentifier: packetIdentifier,
                            properties: properties
                        )
                    )
                }
            }
        }
    }

    /// What is printed of it with these options.
    func printed(_ words: [String]) throws -> (String, [PrintProblem]) {
        let words = (["-t", "#"] + words).map { Array($0.utf8) }
        let parsed = try ToolOptions(.sub, words: words, environment: ToolEnvironment())
        let printer = MessagePrinter(parsed)
        var output: [UInt8] = []
        let time = ReceiptTime(seconds: 1_700_000_000, nanoseconds: 1_234_567)
        let problems = with { printer.print($0, at: time, to: &output) }
        return (String(decoding: output, as: UTF8.self), problems)
    }
}
