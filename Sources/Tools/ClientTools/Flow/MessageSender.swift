// SPDX-License-Identifier: Apache-2.0
// Sends the messages of mosquitto_pub and mosquitto_rr.

import MQTT

/// Sends messages to the topic of the options, with its alias once that is known.
struct MessageSender {
    private let topic: [UInt8]
    private let qos: UInt8
    private let isRetained: Bool
    private let properties: [UInt8]
    private let hasAlias: Bool
    private var isAliasKnown = false

    /// Sends as options say.
    init(_ options: ToolOptions) {
        topic = options.topics.last ?? []
        qos = options.qos
        isRetained = options.isRetained
        properties = options.version == .v5 ? options.properties.publish : []
        hasAlias = ToolProperties.contains(.topicAlias, properties)
    }

    /// Sends a message.
    mutating func send(
        _ payload: UnsafeRawBufferPointer,
        _ connection: any ToolConnection
    ) -> PublishAnswer {
        let answer = connection.publish(
            topic: isAliasKnown ? [] : topic,
            payload: payload,
            qos: qos,
            isRetained: isRetained,
            properties: properties
        )
        if hasAlias, case .accepted = answer { isAliasKnown = true }
        return answer
    }

    /// The broker knows no alias on a new connection.
    mutating func noteConnected() { isAliasKnown = false }

    /// What is said if a message cannot be sent, nil if it was sent or is to be tried again.
    static func complaint(_ answer: PublishAnswer) -> String? {
        switch answer {
        case .accepted, .full: nil
        case .tooLarge: "Error: Message payload is too large."
        case .qosNotSupported:
            "Error: Message QoS not supported on broker, try a lower QoS."
        case .invalidTopic: "Error: Invalid input. Does your topic contain '+' or '#'?"
        case .notConnected: "Error: Client not connected when trying to publish."
        }
    }
}
