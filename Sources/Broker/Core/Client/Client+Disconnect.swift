// SPDX-License-Identifier: Apache-2.0
// DISCONNECT from a client (5.0 section 3.14).

import Log
import MQTT

extension Client {
    func handleDisconnect(_ body: RawSpan) throws(PacketError) {
        let packet = try DisconnectPacket(decoding: body, version: version)
        // In the middle of an exchange of enhanced authentication there is no session yet.
        guard let session else { return finish(.disconnected) }
        if let interval = packet.sessionExpiryInterval {
            // 5.0 section 3.14.2.2.2.
            guard session.expiryInterval != 0 || interval == 0 else {
                throw .protocolError(version, "session expiry interval raised from 0")
            }
            session.setExpiryInterval(interval)
        }
        log.debug("Received DISCONNECT from \(logName)")
        // Only a normal disconnection takes the will back [MQTT-3.14.4-3].
        // [MQTT311-3.14.4-3]
        finish(packet.reasonCode == .success ? .disconnected : .disconnectedWithWill)
    }
}
