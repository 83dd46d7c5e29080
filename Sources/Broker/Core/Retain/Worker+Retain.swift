// SPDX-License-Identifier: Apache-2.0
// Retained messages are stored and cleared.

import Topics

extension Worker {
    /// Stores the publications of a batch as retained messages, or deletes what they clear
    /// [MQTT-3.3.1-5] [MQTT-3.3.1-6].
    /// [MQTT-3.3.1-7] [MQTT311-3.3.1-5] [MQTT311-3.3.1-10] [MQTT311-3.3.1-11]
    func retain(_ batch: PublishBatch) {
        work &+= batch.count &* InputShare.retainWork
        let topic = RawSpan(_unsafeBytes: batch.topic)
        if !batch.topic.isOfBroker { counters.changes.add(batch.count) }
        for index in 0..<batch.count {
            var version: UInt64 = 0
            let previous: AnyObject?
            if batch[index].payloadCount == 0 {
                previous = broker.retained.remove(topic: topic, version: &version)
                counters.retain(0, insteadOf: previous)
            } else {
                let value = batch.message(index).storage
                previous = broker.retained.set(topic: topic, value: value, version: &version)
                counters.retain(batch[index].payloadCount, insteadOf: previous)
            }
            keeper?.didRetain(version: version, insteadOf: previous)
        }
    }
}
