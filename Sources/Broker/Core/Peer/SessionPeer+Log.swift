// SPDX-License-Identifier: Apache-2.0
// Log lines about PUBLISH packets.

import Log
import MQTT
import Net

extension SessionPeer {
    /// Logs `VERB ID (dN, qN, rN, mN, 'TOPIC', ... (LEN bytes))` at the level debug.
    func logPublish(
        _ verb: String,
        topic: UnsafeRawBufferPointer,
        flags: UInt8,
        qos: UInt8,
        packetIdentifier: UInt16,
        payloadCount: Int
    ) {
        guard log.isEnabled(.debug) else { return }
        let name = String(decoding: topic, as: UTF8.self)
        let duplicate = flags & UnsafePublishEncoder.duplicate != 0 ? 1 : 0
        let retained = flags & UnsafePublishEncoder.retain != 0 ? 1 : 0
        let shape = "d\(duplicate), q\(qos), r\(retained), m\(packetIdentifier)"
        log.debug("\(verb) \(logName) (\(shape), '\(name)', ... (\(payloadCount) bytes))")
    }
}
