// SPDX-License-Identifier: Apache-2.0
// A connection that notes what is asked of it.

import MQTT

@testable import ClientTools

/// A connection that notes what is asked of it.
final class NotedConnection: ToolConnection {
    var notes: [String] = []
    var answers: [PublishAnswer] = []
    private var lastIdentifier: UInt16 = 0

    func publish(
        topic: [UInt8],
        payload: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool,
        properties: [UInt8]
    ) -> PublishAnswer {
        let text = String(decoding: payload, as: UTF8.self)
        notes.append("publish '\(topic.text)' '\(text)' \(qos)\(isRetained ? " retained" : "")")
        if !answers.isEmpty { return answers.removeFirst() }
        lastIdentifier += 1
        return .accepted(packetIdentifier: qos == 0 ? 0 : lastIdentifier)
    }

    func subscribe(_ filters: [[UInt8]], _ options: SubscriptionOptions, properties: [UInt8]) {
        let list = filters.map(\.text).joined(separator: " ")
        notes.append("subscribe \(list) \(String(options.rawValue, radix: 16))")
    }

    func unsubscribe(_ filter: [UInt8], properties: [UInt8]) {
        notes.append("unsubscribe \(filter.text)")
    }

    func disconnect(_ reason: ReasonCode, properties: [UInt8]) {
        notes.append("disconnect \(reason.rawValue)")
    }

    /// What was asked since the last call.
    func taken() -> [String] {
        defer { notes = [] }
        return notes
    }
}
