// SPDX-License-Identifier: Apache-2.0
// What the session log says, as plain values.

package import Inflight
package import MQTT

/// Names a session, or a client that publishes, in the log; never used twice.
package typealias SessionNumber = UInt64

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

/// A `mosquitto.db` that was written together with the end of the log.
package struct WrittenDatabase: Sendable, Equatable {
    /// Its length in bytes.
    package var length: UInt64
    /// The CRC-32C of all of it.
    package var checksum: UInt32
    /// Which file it was: one that still is as this says need not be read to be known.
    package var stamp: FileStamp

    package init(length: UInt64, checksum: UInt32, stamp: FileStamp) {
        self.length = length
        self.checksum = checksum
        self.stamp = stamp
    }

    /// Whether the other says the same; a copy has another stamp.
    package func hasContent(of other: WrittenDatabase) -> Bool {
        length == other.length && checksum == other.checksum
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
    /// Who a publisher is; or, with the number of a session that has begun, the name of the bridge that
    /// this is of.
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
