// SPDX-License-Identifier: Apache-2.0
// What a file holds as a list of values, for comparing.

import Inflight
import MQTT
import Persist

/// One record of a file, or one notice about it.
enum DatabaseRecord: Equatable {
    case configuration(DatabaseConfiguration)
    case message(DatabaseMessage, topic: [UInt8], properties: [UInt8], payload: [UInt8])
    case client(DatabaseClient)
    case delivery(DatabaseDelivery)
    case subscription(DatabaseSubscription)
    case retained(MessageNumber)
    case notice(DatabaseNotice)
}

extension DatabaseWriter {
    /// Writes a record; notices are none.
    mutating func write(_ record: DatabaseRecord) throws(DatabaseWriteError) {
        switch record {
        case .configuration(let configuration): try write(configuration)
        case .message(let message, let topic, let properties, let payload):
            try write(
                message,
                topic: topic.rawBytes,
                properties: properties.rawBytes,
                payload: payload.rawBytes
            )
        case .client(let client): try write(client)
        case .delivery(let delivery): try write(delivery)
        case .subscription(let subscription): try write(subscription)
        case .retained(let number): try write(retained: number)
        case .notice: break
        }
    }
}
