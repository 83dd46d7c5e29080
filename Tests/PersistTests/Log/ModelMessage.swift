// SPDX-License-Identifier: Apache-2.0
// A message of the model.

import Inflight

@testable import Persist

/// A message as a value.
struct ModelMessage: Equatable {
    var number: MessageNumber
    var topic: [UInt8]
    var properties: [UInt8] = []
    var payload: [UInt8] = []
    var qos: UInt8 = 1
    var isRetained = false
    var expiresAt: Int64 = 0
    var publisher: SessionNumber = 0

    init(number: MessageNumber, topic: [UInt8]) {
        self.number = number
        self.topic = topic
    }

    init(_ message: UnsafeLogMessage) {
        number = message.number
        topic = Array(message.topic)
        properties = Array(message.properties)
        payload = Array(message.payload)
        qos = message.qos
        isRetained = message.isRetained
        expiresAt = message.expiresAt
        publisher = message.publisher
    }

    /// Lends it as what the buffer takes.
    func lend<Result>(_ body: (UnsafeLogMessage) -> Result) -> Result {
        topic.withUnsafeBytes { topic in
            properties.withUnsafeBytes { properties in
                payload.withUnsafeBytes { payload in
                    body(
                        UnsafeLogMessage(
                            number: number,
                            topic: topic,
                            properties: properties,
                            payload: payload,
                            qos: qos,
                            isRetained: isRetained,
                            expiresAt: expiresAt,
                            publisher: publisher
                        )
                    )
                }
            }
        }
    }
}
