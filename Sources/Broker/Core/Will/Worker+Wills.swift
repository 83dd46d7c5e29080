// SPDX-License-Identifier: Apache-2.0
// Will messages (5.0 section 3.1.2.5).

import Config
import Log
import MQTT
import Net
import Topics

extension Worker {
    /// Publishes the will message of a session and forgets it.
    ///
    /// The topic already has its mount point; what a client may not publish is dropped silently.
    /// [MQTT-3.1.2-10] [MQTT311-3.1.2-10]
    func publishWill(of session: Session) {
        guard let will = session.will else { return }
        session.setWill(nil)
        let message = message(will, of: session.identity)
        let handle = session.handle
        guard message.withPublication({ BuiltInRules.allowsPublishing(to: $0.topic) }) else {
            return counters.drop(.willDenied)
        }
        checkWrite(session.identity, message) { [self] isAllowed in
            guard isAllowed else { return counters.drop(.willDenied) }
            counters.willsPublished.add(1)
            publish(message, from: handle)
        }
    }

    // [MQTT-3.1.2-14] [MQTT-3.1.2-15] [MQTT-3.1.3-10] [MQTT311-3.1.2-16] [MQTT311-3.1.2-17]
    private func message(_ will: MQTT.Will, of identity: ClientIdentity) -> Message {
        UnsafePublication.with(
            topic: will.topic,
            properties: will.forwardedProperties,
            payload: will.payload,
            qos: will.qos,
            isRetained: will.isRetained,
            expiresAt: Expiry.second(after: will.messageExpiryInterval, from: now),
            origin: identity,
            Message.make
        )
    }

    /// At shutdown every will is published, delayed ones as well.
    package func publishAllWills() {
        for session in sessions.all {
            publishWill(of: session)
            reporter?.noteWill(session)
        }
    }
}
