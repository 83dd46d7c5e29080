// SPDX-License-Identifier: Apache-2.0
// Requests to `$CONTROL` topics (spec: protocol-choices.md section 21).

import MQTT

extension Client {
    /// A PUBLISH to `$CONTROL/…` goes to the handler of exactly that topic; it is neither routed
    /// nor stored.
    func handleControl(
        _ publish: PublishPacket,
        topic: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer
    ) throws(PacketError) {
        let mounted = listener.mountPoint + Array(topic)
        let name = String(decoding: mounted, as: UTF8.self)
        if let handler = worker.broker.controlHandler(for: name) {
            handler(Array(payload))
        } else {
            replyUnavailable(Array(topic))
        }
        switch publish.qos {
        case 1: writeAck(.puback, publish.packetIdentifier)
        case 2: writeAck(.pubrec, publish.packetIdentifier)
        default: break
        }
    }

    private func replyUnavailable(_ topic: [UInt8]) {
        let response = listener.mountPoint + topic + Array("/response".utf8)
        let payload = Array(#"{"error": "endpoint not available"}"#.utf8)
        response.withUnsafeBytes { response in
            payload.withUnsafeBytes { payload in
                let publication = UnsafePublication(
                    topic: response,
                    properties: UnsafeRawBufferPointer(start: nil, count: 0),
                    payload: payload,
                    qos: 0,
                    isRetained: false,
                    expiresAt: 0,
                    origin: nil
                )
                guard mayWritePacket() else { return }
                writePublish(
                    publication,
                    qos: 0,
                    packetIdentifier: 0,
                    isDuplicate: false,
                    isRetained: false,
                    subscriptionIdentifier: 0
                )
            }
        }
    }
}
