// SPDX-License-Identifier: Apache-2.0
// What the session log says, as plain values.

package import Inflight
package import MQTT

/// Names a session, or a client that publishes, in the log; never used twice.
package typealias SessionNumber = UInt64

/// Message numbers: a reactor's counter, and the reactor in the lowest byte.
///
/// The counter goes on over restarts, so a number says when a message was accepted, and by whom.
package enum MessageNumbers {
    /// The greatest counter.
    package static let counterMax: UInt64 = 1 << 56 - 1

    /// The number of a reactor's message.
    package static func make(reactor: UInt8, counter: UInt64) -> MessageNumber {
        precondition(counter <= counterMax, "a counter has 56 bits")
        return counter << 8 | UInt64(reactor)
    }

    /// Which reactor accepted it.
    package static func reactor(of number: MessageNumber) -> UInt8 {
        UInt8(truncatingIfNeeded: number)
    }

    /// How many that reactor had accepted before.
    package static func counter(of number: MessageNumber) -> UInt64 { number >> 8 }
}

/// An application message in the log; its bytes belong to somebody else.
package struct UnsafeLogMessage {
    package var number: MessageNumber
    /// Topic name, mount point included; at most 65,535 bytes.
    package var topic: UnsafeRawBufferPointer
    /// Encoded properties that are passed on to subscribers, without their length.
    package var properties: UnsafeRawBufferPointer
    package var payload: UnsafeRawBufferPointer
    /// QoS it was published with.
    package var qos: UInt8
    /// The RETAIN flag it was published with.
    package var isRetained: Bool
    /// Second since 1970 from which it is void; 0: never.
    package var expiresAt: Int64
    /// Who published it; 0 for the broker itself.
    package var publisher: SessionNumber

    package init(
        number: MessageNumber,
        topic: UnsafeRawBufferPointer,
        properties: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool,
        expiresAt: Int64 = 0,
        publisher: SessionNumber = 0
    ) {
        self.number = number
        self.topic = topic
        self.properties = properties
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.expiresAt = expiresAt
        self.publisher = publisher
    }
}

/// Where an accepted message goes.
package struct LogDestination: Sendable, Equatable {
    /// What has become of the message there.
    package enum Fate: Sendable, Equatable {
        /// Its home has yet to take it in or to drop it.
        case pending
        /// Waits in the queue under this sequence number.
        case queued(sequence: UInt64)
        /// Has gone out at once.
        case sent(sequence: UInt64, identifier: UInt16)
        /// Was not taken in.
        case dropped(LogDropReason)
    }

    package var session: SessionNumber
    /// QoS it is delivered with.
    package var qos: UInt8
    /// The RETAIN flag it is delivered with.
    package var isRetained: Bool
    /// 0 for none.
    package var subscriptionIdentifier: UInt32
    package var fate: Fate

    package init(
        session: SessionNumber,
        qos: UInt8,
        isRetained: Bool = false,
        subscriptionIdentifier: UInt32 = 0,
        fate: Fate
    ) {
        self.session = session
        self.qos = qos
        self.isRetained = isRetained
        self.subscriptionIdentifier = subscriptionIdentifier
        self.fate = fate
    }
}

/// Why a message does not go to a session.
package enum LogDropReason: UInt8, Sendable, Equatable, CaseIterable {
    /// It went out with QoS 0 and is over.
    case sentOnce
    /// The queue was full.
    case queueFull
    /// Its expiry has passed.
    case expired
    /// The client may not read it, or a plugin has refused it.
    case denied
    /// It is larger than the client takes.
    case tooLarge
    /// Anything else.
    case other
}

/// Who a session or a publisher is.
package struct LogIdentity: Sendable, Equatable {
    package var clientIdentifier: String
    package var userName: String?
    /// The port of the listener its client came through; 0 for none.
    package var listenerPort: UInt16

    package init(clientIdentifier: String, userName: String? = nil, listenerPort: UInt16 = 0) {
        self.clientIdentifier = clientIdentifier
        self.userName = userName
        self.listenerPort = listenerPort
    }
}

/// A message on its way in the image of a session.
package struct LogEntry: Sendable, Equatable {
    /// How far it has come.
    package enum Progress: Sendable, Equatable {
        /// Somebody else has yet to say whether it is taken in.
        case pending
        /// Never sent.
        case queued
        /// PUBLISH was sent.
        case published(identifier: UInt16)
        /// PUBREC has come.
        case released(identifier: UInt16)
    }

    /// Its number in the session's queue; 0 when pending.
    package var sequence: UInt64
    package var message: MessageNumber
    package var qos: UInt8
    package var isRetained: Bool
    package var subscriptionIdentifier: UInt32
    package var progress: Progress

    package init(
        sequence: UInt64,
        message: MessageNumber,
        qos: UInt8,
        isRetained: Bool = false,
        subscriptionIdentifier: UInt32 = 0,
        progress: Progress = .queued
    ) {
        self.sequence = sequence
        self.message = message
        self.qos = qos
        self.isRetained = isRetained
        self.subscriptionIdentifier = subscriptionIdentifier
        self.progress = progress
    }
}

/// How the image of a session begins.
package struct LogImageHead: Sendable, Equatable {
    package var session: SessionNumber
    package var identity: LogIdentity
    /// Seconds to live without a connection; `UInt32.max`: never ends.
    package var expiryInterval: UInt32
    /// Second since 1970 in which its client left; nil while that is there.
    package var detachedAt: Int64?
    /// The sequence number the next message gets.
    package var nextSequence: UInt64
    /// The last packet identifier given; 0 for none.
    package var lastIdentifier: UInt16

    package init(
        session: SessionNumber,
        identity: LogIdentity,
        expiryInterval: UInt32,
        detachedAt: Int64? = nil,
        nextSequence: UInt64 = 0,
        lastIdentifier: UInt16 = 0
    ) {
        self.session = session
        self.identity = identity
        self.expiryInterval = expiryInterval
        self.detachedAt = detachedAt
        self.nextSequence = nextSequence
        self.lastIdentifier = lastIdentifier
    }
}

/// A stretch of packet identifiers: `count` of them, 65535 followed by 1.
package struct IdentifierStretch: Sendable, Equatable {
    package var first: UInt16
    package var count: Int

    package init(first: UInt16, count: Int = 1) {
        assert(first > 0 && count > 0 && count <= 65_535, "identifiers run from 1 to 65535")
        self.first = first
        self.count = count
    }

    /// The identifier at a place of the stretch.
    package subscript(index: Int) -> UInt16 {
        UInt16((Int(first) - 1 + index) % 65_535 + 1)
    }
}

/// Messages that waited and have gone out, with consecutive numbers and identifiers.
package struct LogSending: Sendable, Equatable {
    package var session: SessionNumber
    /// The sequence number of the first.
    package var sequence: UInt64
    package var identifiers: IdentifierStretch
    /// QoS they went out with, 1 or 2.
    package var qos: UInt8
    /// The last packet identifier given, to messages that wait included.
    package var lastIdentifier: UInt16

    package init(
        session: SessionNumber,
        sequence: UInt64,
        identifiers: IdentifierStretch,
        qos: UInt8,
        lastIdentifier: UInt16
    ) {
        self.session = session
        self.sequence = sequence
        self.identifiers = identifiers
        self.qos = qos
        self.lastIdentifier = lastIdentifier
    }
}

/// A `mosquitto.db` that was written together with the end of the log.
package struct WrittenDatabase: Sendable, Equatable {
    /// Its length in bytes.
    package var length: UInt64
    /// The CRC-32C of all of it.
    package var checksum: UInt32

    package init(length: UInt64, checksum: UInt32) {
        self.length = length
        self.checksum = checksum
    }
}

/// One record.
///
/// Bytes in it belong to the frame it was read from. Lists that belong to a record are beside it:
/// see `RecordReader`.
package enum LogRecord {
    /// A message was accepted, for a list of destinations; in a checkpoint an empty one.
    case accepted(UnsafeLogMessage)
    /// A message that was accepted before goes to a list of destinations, or has got there.
    case delivered(MessageNumber)
    /// Messages that waited have gone out.
    case sent(LogSending)
    /// Messages that were sent are over.
    case acknowledged(SessionNumber, IdentifierStretch)
    /// PUBREC has come.
    case released(SessionNumber, IdentifierStretch)
    /// Messages that waited are over.
    case dropped(SessionNumber, sequence: UInt64, count: UInt64, LogDropReason)
    /// A QoS 2 message was received and not released yet.
    case received(SessionNumber, identifier: UInt16, MessageNumber)
    /// QoS 2 messages were released, or forgotten.
    case completed(SessionNumber, IdentifierStretch)
    /// Who a publisher is.
    case identity(SessionNumber, LogIdentity)
    /// A session began (`isNew`), or its client came back.
    case attached(SessionNumber, LogIdentity, expiryInterval: UInt32, isNew: Bool)
    /// The session's client has left.
    case detached(SessionNumber, at: Int64)
    /// The session expiry interval is another one.
    case expiryChanged(SessionNumber, UInt32)
    /// The will is another one, or is over.
    case willChanged(SessionNumber, Will?)
    /// A subscription was made, or replaced.
    case subscribed(SessionNumber, SubscriptionImage)
    /// A subscription ended.
    case unsubscribed(SessionNumber, filter: [UInt8], shareName: [UInt8]?)
    /// Retained messages of a subscription are yet to be fetched.
    case retainedBegan(SessionNumber, SubscriptionImage)
    /// All of them were, or are not wanted any more.
    case retainedEnded(SessionNumber, filter: [UInt8])
    /// The session is over.
    case ended(SessionNumber)
    /// A message is the retained one of its topic, as of a version of the retained store.
    case retainedSet(version: UInt64, MessageNumber)
    /// A topic has no retained message, as of a version of the retained store.
    case retainedCleared(version: UInt64, topic: UnsafeRawBufferPointer)
    /// The image of a session begins.
    case imageBegan(LogImageHead)
    /// Some of its messages: a list of entries.
    case imageEntries(SessionNumber)
    /// The image is whole.
    case imageEnded(SessionNumber)
    /// Seconds since 1970.
    case clock(Int64)
    /// Everything before this offset of the same segment is on the disk.
    case synced(offset: UInt64)
    /// The checkpoint that began with this segment is whole.
    case checkpointCompleted(UInt64)
    /// The broker has ended as it should.
    case cleanShutdown(WrittenDatabase?)
}
