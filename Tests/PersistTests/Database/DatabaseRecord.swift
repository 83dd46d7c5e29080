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

/// Keeps all it receives.
struct DatabaseCollector: DatabaseReceiver {
    private(set) var version: UInt32?
    private(set) var records: [DatabaseRecord] = []

    mutating func begin(version: UInt32) { self.version = version }
    mutating func receive(_ configuration: DatabaseConfiguration) {
        records.append(.configuration(configuration))
    }
    mutating func receive(
        _ message: DatabaseMessage,
        topic: RawSpan,
        properties: RawSpan,
        payload: RawSpan
    ) {
        records.append(
            .message(
                message,
                topic: topic.withUnsafeBytes { [UInt8]($0) },
                properties: properties.withUnsafeBytes { [UInt8]($0) },
                payload: payload.withUnsafeBytes { [UInt8]($0) }
            )
        )
    }
    mutating func receive(_ client: DatabaseClient) { records.append(.client(client)) }
    mutating func receive(_ delivery: DatabaseDelivery) { records.append(.delivery(delivery)) }
    mutating func receive(_ subscription: DatabaseSubscription) {
        records.append(.subscription(subscription))
    }
    mutating func receive(retained number: MessageNumber) { records.append(.retained(number)) }
    mutating func receive(_ notice: DatabaseNotice) { records.append(.notice(notice)) }
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
