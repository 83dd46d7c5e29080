// SPDX-License-Identifier: Apache-2.0
// Messages that were kept become messages again.

import Config
package import Inflight
import MQTT
import Net
import Synchronization

/// Makes messages of what was kept of them; any thread, several at a time.
package final class MessageRestorer: Sendable {
    /// The clocks as of the start.
    package let clock: WallClock
    private let settings: Settings
    private let publishers = Mutex<[StoredPublisher: ClientIdentity]>([:])

    /// Takes the listeners as they are now; after the broker's transports were opened.
    package init(_ broker: Broker, clock: WallClock = WallClock()) {
        self.clock = clock
        settings = broker.settings
    }

    /// Copies a message.
    ///
    /// `topic` with mount point, `properties` as they go to subscribers, without their length;
    /// `expiresAt` is its end (see `Expiry`) as a second since 1970, 0 for never. `publisher` comes
    /// from `identity(_:)` and is nil for the broker itself. `number` is the one that the session log
    /// has, or is about to get, it under.
    package func message(
        topic: UnsafeRawBufferPointer,
        properties: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool,
        expiresAt: Int64,
        publisher: ClientIdentity?,
        number: MessageNumber
    ) -> Message {
        withExtendedLifetime(publisher) {
            var publication = UnsafePublication(
                topic: topic,
                properties: properties,
                payload: payload,
                qos: qos,
                isRetained: isRetained,
                expiresAt: clock.messageExpiry(expiresAt),
                origin: publisher
            )
            publication.number = number
            return Message.make(publication)
        }
    }

    /// The identity that all messages of a publisher share.
    package func identity(_ publisher: StoredPublisher) -> ClientIdentity {
        publishers.withLock { known in
            if let identity = known[publisher] { return identity }
            let identity = ClientIdentity(
                stored: publisher.clientIdentifier,
                userName: publisher.userName,
                listener: settings.listener(port: publisher.listenerPort),
                version: .v5
            )
            known[publisher] = identity
            return identity
        }
    }
}

extension Settings {
    /// The listener a stored port means; the first if several have it, nil if none has.
    func listener(port: UInt16) -> ListenerSettings? {
        port == 0 ? nil : listeners.first { $0.configuration.port == Int(port) }
    }
}

extension ClientIdentity {
    /// Somebody whose connection has ended in an earlier process.
    convenience init(
        stored clientIdentifier: String,
        userName: String?,
        listener: ListenerSettings?,
        version: ProtocolVersion
    ) {
        self.init(
            clientIdentifier: clientIdentifier,
            userName: userName,
            peer: .text("", port: 0),
            listener: listener,
            version: version,
            keepAliveSeconds: 0,
            isCleanStart: false,
            isBridge: false,
            authenticationMethod: nil,
            proof: .restored
        )
    }

    /// The port of its listener, as it is kept; 0 for none.
    package var storedListenerPort: UInt16 {
        listener.map { UInt16(clamping: $0.configuration.port) } ?? 0
    }
}
