// SPDX-License-Identifier: Apache-2.0
// A message that has come and does not count yet.

/// A QoS 2 message between PUBLISH and PUBREL, with bytes of its own.
struct UnreleasedMessage {
    private let topic: [UInt8]
    private let payload: [UInt8]
    private let properties: [UInt8]
    private let isRetained: Bool

    /// Copies a message.
    init(_ message: UnsafePrintedMessage) {
        topic = Array(message.topic)
        payload = Array(message.payload)
        properties = Array(message.properties)
        isRetained = message.isRetained
    }

    /// Calls `body` with the message, which is there as long as that runs.
    func withPrinted(_ packetIdentifier: UInt16, _ body: (UnsafePrintedMessage) -> Void) {
        topic.withUnsafeBytes { topic in
            payload.withUnsafeBytes { payload in
                properties.withUnsafeBytes { properties in
                    body(
                        UnsafePrintedMessage(
                            topic: topic,
                            payload: payload,
                            qos: 2,
                            isRetained: isRetained,
                            packetIdentifier: packetIdentifier,
                            properties: properties
                        )
                    )
                }
            }
        }
    }
}
