// SPDX-License-Identifier: Apache-2.0
// Where the messages of a session go out: the sending half of a client.

import Config
import Inflight
import Log
import MQTT
import Net

/// Sends a session's messages to its connected client.
///
/// The session's window decides what goes out; the outlet knows what the client takes, encodes and
/// writes. Made when the client has been let in, gone with its connection.
final class Outlet {
    /// From this many bytes on a payload is referenced instead of copied.
    private static let referencedPayloadMin = 16 << 10

    let peer: SessionPeer
    let connection: Connection
    /// The client's, which outlives all of its clients: counting references here would cost every
    /// message.
    unowned(unsafe) let worker: Worker
    /// Whether packets have the form of 5.0.
    let isV5: Bool
    /// Whether packets can be those of every other client with this protocol version and QoS: no mount
    /// point.
    let isPlain: Bool
    /// Whether the configuration sets no window.
    private let isUnlimited: Bool
    /// Whether `pump` is running.
    var isPumping = false
    /// Whether a plugin is deciding about the message that was handed out.
    var isDeciding = false
    /// Whether it is being found out what the client may still get.
    var isRechecking = false
    /// QoS 1 and 2 messages that may await an answer.
    private let windowSize: UInt16
    /// Bytes of a mount point, which the client does not see.
    private let hiddenTopicCount: UInt16
    private let packetLimit: UInt32
    /// Whether acknowledgements may have a reason string [MQTT-3.1.2-29].
    let wantsReasons: Bool
    private var aliases: OutgoingAliases?
    /// What is different for the remote of a bridge; nil for clients.
    let remote: RemoteTerms?

    /// - Parameter terms: what the other end takes, and how
    init(_ peer: SessionPeer, _ connection: Connection, _ terms: OutletTerms) {
        self.peer = peer
        self.connection = connection
        worker = peer.worker
        isV5 = peer.isV5
        let window =
            terms.receiveMaximum.map(Int.init)
            ?? peer.worker.settings.configuration.maxInflightMessages
        isUnlimited = window == 0
        windowSize = window == 0 ? .max : UInt16(clamping: window)
        packetLimit = terms.maximumPacketSize
        wantsReasons = terms.wantsReasons
        hiddenTopicCount = UInt16(clamping: terms.mountPointCount)
        remote = terms.remote
        // [MQTT-3.1.2-26] [MQTT-3.1.2-27] [MQTT-3.3.2-7]
        if terms.aliasCount > 0 { aliases = OutgoingAliases(maximum: terms.aliasCount) }
        isPlain = terms.mountPointCount == 0
    }

    /// Whether topic aliases may be set.
    var hasAliases: Bool { aliases != nil }

    /// Largest packet the client takes, in bytes [MQTT-3.1.2-24]; never more than there can be.
    var packetSizeMax: Int { min(Int(packetLimit), packetLengthMax) }

    /// QoS 1 and 2 messages that may await an answer.
    var inFlightMax: Int { Int(windowSize) }

    /// What the session's window may hold while this client takes its messages.
    /// [MQTT-4.9.0-1]
    var limits: SendLimits {
        let limits = worker.limits
        let room = isUnlimited ? 0 : inFlightMax
        return SendLimits(
            inFlightMax: inFlightMax,
            inFlightBytesMax: limits.inFlightBytesMax,
            queuedMax: Self.sum(limits.queuedMessagesMax, room),
            queuedBytesMax: Self.sum(limits.queuedBytesMax, limits.inFlightBytesAllowance)
        )
    }

    private static func sum(_ limit: Int, _ more: Int) -> Int {
        let (sum, isTooLarge) = limit.addingReportingOverflow(more)
        return isTooLarge ? .max : sum
    }

    /// Whether the output has room for one more packet; tries to make some.
    @inline(__always)
    func mayWritePacket() -> Bool {
        connection.queuedPacketCount < worker.limits.queuedMessagesMax || peer.mayWritePacket()
    }

    /// Whether a payload of `count` bytes goes out without being copied.
    func references(payloadCount count: Int) -> Bool {
        count >= Self.referencedPayloadMin && connection.canReference
    }

    // MARK: One PUBLISH

    /// Encodes a publication into the output; a large payload of `message` is referenced there.
    ///
    /// Returns false when it does not fit the client and was dropped [MQTT-3.1.2-25], or has been at the
    /// remote before.
    @discardableResult
    func write(
        _ publication: UnsafePublication,
        of message: Message?,
        _ form: DeliveryForm,
        packetIdentifier: UInt16 = 0,
        isDuplicate: Bool = false
    ) -> Bool {
        assert(!connection.isClosed, "who has gone has no outlet")
        guard let topic = visibleTopic(publication.topic) else { return false }
        var properties = publication.properties
        if let remote, remote.isMarking {
            guard let marked = remote.marked(properties) else { return false }
            properties = marked
        }
        var encoder = UnsafePublishEncoder(
            topic: topic,
            properties: properties,
            payload: publication.payload,
            isV5: isV5,
            qos: form.qos
        )
        // [MQTT-3.3.1-1] [MQTT-3.3.1-3] [MQTT311-3.3.1-1] [MQTT311-3.3.1-3]
        if isDuplicate { encoder.flags |= UnsafePublishEncoder.duplicate }
        if form.isRetained, remote?.takesRetained != false {
            encoder.flags |= UnsafePublishEncoder.retain
        }
        encoder.packetIdentifier = packetIdentifier
        var newAlias = false
        if isV5 {
            encoder.messageExpiryInterval =
                Expiry.remainingSeconds(publication.expiresAt, at: worker.now)
            encoder.subscriptionIdentifier = form.subscriptionIdentifier
            if aliases != nil { newAlias = applyAlias(&encoder, topic) }
        }
        let size = encoder.encodedSize
        guard size <= packetSizeMax else {
            peer.logTooLarge(size, topic: publication.topic)
            peer.noteDropped(.tooLarge)
            return false
        }
        write(encoder, size: size, of: message)
        if newAlias { aliases?.establish(topic) }
        let counters = peer.counters
        counters.sent.addPublishes(qos: encoder.qos)
        counters.bytesSent.add(size)
        counters.publishBytesSent.add(publication.payload.count)
        remote?.noteSent()
        if worker.isTracing { log(encoder, topic) }
        return true
    }

    @inline(__always)
    private func write(_ encoder: UnsafePublishEncoder, size: Int, of message: Message?) {
        let payload = encoder.payload
        if let message, references(payloadCount: payload.count) {
            let headSize = size - payload.count
            encoder.writeHead(to: connection.reserveOutput(headSize))
            connection.commitOutput(headSize, followedBy: payload, of: message.storage)
        } else {
            encoder.write(to: connection.reserveOutput(size))
            connection.commitOutput(size)
        }
    }

    /// Returns whether the packet sets a new alias.
    private func applyAlias(
        _ encoder: inout UnsafePublishEncoder,
        _ topic: UnsafeRawBufferPointer
    ) -> Bool {
        guard let (alias, isKnown) = aliases?.alias(of: topic) else { return false }
        encoder.topicAlias = alias
        if isKnown { encoder.topic = UnsafeRawBufferPointer(start: nil, count: 0) }
        return !isKnown
    }

    /// The topic as the other end knows it: without the mount point, or as the bridge calls it; nil when
    /// nothing is left of it.
    @inline(__always)
    private func visibleTopic(_ topic: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        if let remote { return remote.name(of: topic) }
        let hidden = Int(hiddenTopicCount)
        if hidden == 0 { return topic }
        guard topic.count > hidden else { return nil }
        return UnsafeRawBufferPointer(rebasing: topic[hidden...])
    }

    private func log(_ packet: UnsafePublishEncoder, _ topic: UnsafeRawBufferPointer) {
        peer.logPublish(
            "Sending PUBLISH to",
            topic: topic,
            flags: packet.flags,
            qos: packet.qos,
            packetIdentifier: packet.packetIdentifier,
            payloadCount: packet.payload.count
        )
    }
}
