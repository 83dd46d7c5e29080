// SPDX-License-Identifier: Apache-2.0
// What a callback has made of what it was shown.

/// What a callback has made of what it was shown.
package enum Edit: Equatable, Sendable {
    /// Another message; `expiresAt` in seconds of the monotonic clock, `Int64.max` for as before.
    case message(
        topic: [UInt8],
        payload: [UInt8],
        properties: [UInt8],
        qos: UInt8,
        isRetained: Bool,
        expiresAt: Int64
    )
    /// A message whose topic is none that can be published on.
    case invalidTopic
    /// Another filter, or other Subscription Options.
    case filter([UInt8], options: UInt8)

    func encode(into record: inout RecordWriter) {
        switch self {
        case .message(let topic, let payload, let properties, let qos, let isRetained, let end):
            record.put(UInt8(1))
            record.put(topic)
            record.put(payload)
            record.put(properties)
            record.put(qos)
            record.put(isRetained)
            record.put(end)
        case .invalidTopic: record.put(UInt8(2))
        case .filter(let filter, let options):
            record.put(UInt8(3))
            record.put(filter)
            record.put(options)
        }
    }

    init(_ record: inout RecordReader) throws(Nonsense) {
        switch try record.integer(UInt8.self) {
        case 1:
            self = .message(
                topic: try record.array(),
                payload: try record.array(),
                properties: try record.array(),
                qos: try record.integer(),
                isRetained: try record.flag(),
                expiresAt: try record.integer()
            )
        case 2: self = .invalidTopic
        case 3: self = .filter(try record.array(), options: try record.integer())
        default: throw Nonsense("an edit there is not")
        }
    }
}
