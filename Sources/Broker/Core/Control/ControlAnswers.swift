// SPDX-License-Identifier: Apache-2.0
// The answer of the control API: `{"responses":[…]}`.

import JSON

/// The answers to the commands of one request, in their order; pure.
struct ControlAnswers {
    /// Bytes beyond which no further command is carried out.
    static let bytesMax = 16 << 20

    private var writer = JSONWriter(formatted: false)

    init() {
        writer.beginObject()
        writer.key("responses")
        writer.beginArray()
    }

    /// Whether there is room for another answer.
    var hasRoom: Bool { writer.bytes.count < Self.bytesMax }

    /// Adds an answer.
    mutating func add(_ command: RequestedCommand, _ outcome: ControlCall.Outcome) {
        writer.beginObject()
        writer.key("command")
        writer.string(text: command.name)
        switch outcome {
        case .done(let data):
            if let data {
                writer.key("data")
                writer.raw(bytes: Array(data.compactText.utf8))
            }
        case .failed(let failure):
            writer.key("error")
            writer.string(text: failure.text)
        }
        if let correlationData = command.correlationData {
            writer.key("correlationData")
            writer.string(text: correlationData)
        }
        writer.endObject()
    }

    /// The whole text.
    consuming func finished() -> [UInt8] {
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
