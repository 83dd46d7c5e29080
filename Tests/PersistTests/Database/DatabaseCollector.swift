// SPDX-License-Identifier: Apache-2.0
// A receiver that keeps all it is given.

import Inflight
import Persist

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
