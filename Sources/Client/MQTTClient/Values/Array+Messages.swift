// SPDX-License-Identifier: Apache-2.0
// Messages that have arrived, as values.

import MQTT

extension [MQTTMessage] {
    /// Payloads up to this many bytes share memory with those that came with them.
    private static var sharedMax: Int { 1024 }
    /// Bytes of payloads that share memory, at most.
    private static var chunkMax: Int { 64 << 10 }

    /// Copies messages; payloads that came together lie in few pieces of memory.
    mutating func append(copying messages: UnsafeReceivedMessages) {
        let topic = String(decoding: messages.topic, as: UTF8.self)
        guard let qos = MQTTQoS(rawValue: messages.qos) else { return }
        if messages.count == 1 {
            messages.walk { payload, _ in
                var message = MQTTMessage(
                    arrived: topic,
                    MQTTPayload([UInt8](payload)),
                    qos: qos,
                    isRetained: messages.isRetained
                )
                message.isDuplicate = messages.isDuplicate
                if !messages.properties.isEmpty {
                    message.properties = MQTTMessageProperties(decoding: messages.properties.bytes)
                }
                append(message)
            }
            return
        }
        var chunk: [UInt8] = []
        var ends: [Int] = []
        messages.walk { payload, _ in
            if payload.count > Self.sharedMax || chunk.count + payload.count > Self.chunkMax {
                append(pieces: ends, of: chunk, topic, qos)
                chunk = []
                ends = []
            }
            chunk.append(contentsOf: payload)
            ends.append(chunk.count)
        }
        append(pieces: ends, of: chunk, topic, qos)
    }

    private mutating func append(
        pieces ends: [Int],
        of chunk: [UInt8],
        _ topic: String,
        _ qos: MQTTQoS
    ) {
        var start = 0
        for end in ends {
            append(
                MQTTMessage(
                    arrived: topic,
                    MQTTPayload(chunk[start..<end]),
                    qos: qos,
                    isRetained: false
                )
            )
            start = end
        }
    }
}
