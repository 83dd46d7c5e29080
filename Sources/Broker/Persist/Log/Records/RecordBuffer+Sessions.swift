// SPDX-License-Identifier: Apache-2.0
// From records about a session's life, and about the log itself, to bytes.

import Inflight
import MQTT

extension RecordBuffer {
    mutating func writeSession(_ record: LogRecord) {
        switch record {
        case .received(let session, let identifier, let message):
            put(.received, session)
            put(identifier: identifier)
            put(message: message)
        case .attached(let session, let identity, let expiryInterval, let isNew):
            put(.attached, session)
            put(identity)
            put(UInt64(expiryInterval))
            put(isNew ? 1 as UInt8 : 0)
        case .detached(let session, let second):
            put(.detached, session)
            put(signed: second)
        case .expiryChanged(let session, let expiryInterval):
            put(.expiryChanged, session)
            put(UInt64(expiryInterval))
        case .willChanged(let session, nil): put(.willCleared, session)
        case .willChanged(let session, let will?):
            put(.willSet, session)
            put(will)
        case .subscribed(let session, let subscription):
            put(.subscribed, session)
            put(subscription)
        case .unsubscribed(let session, let filter, let shareName):
            put(.unsubscribed, session)
            put(filter)
            put(optional: shareName)
        case .retainedBegan(let session, let subscription):
            put(.retainedBegan, session)
            put(subscription)
        case .retainedEnded(let session, let filter):
            put(.retainedEnded, session)
            put(filter)
        case .ended(let session): put(.ended, session)
        default: preconditionFailure("it is about a session's life")
        }
    }

    mutating func writeOther(_ record: LogRecord) {
        switch record {
        case .identity(let number, let identity):
            put(.identity, number)
            put(identity)
        case .retainedSet(let version, let message):
            put(.retainedSet, version)
            put(message: message)
        case .retainedCleared(let version, let topic):
            put(.retainedCleared, version)
            put(topic)
        case .imageBegan(let head): put(head)
        case .imageEnded(let session): put(.imageEnded, session)
        case .clock(let second):
            put(LogTag.clock)
            put(signed: second)
        case .synced(let offset): put(.synced, offset)
        case .checkpointCompleted(let number): put(.checkpointCompleted, number)
        case .cleanShutdown(let database):
            put(.cleanShutdown, database?.length ?? 0)
            put(UInt64(database?.checksum ?? 0))
            put(database == nil ? 0 as UInt8 : 1)
            put(database?.stamp.inode ?? 0)
            put(signed: database?.stamp.modifiedAt ?? 0)
        default: preconditionFailure("it is about the log, or an image")
        }
    }

    private mutating func put(_ tag: LogTag, _ number: UInt64) {
        put(tag)
        put(number)
    }

    private mutating func put(_ head: LogImageHead) {
        put(.imageBegan, head.session)
        put(head.identity)
        put(UInt64(head.expiryInterval))
        put(head.detachedAt == nil ? 0 as UInt8 : 1)
        if let second = head.detachedAt { put(signed: second) }
        put(head.nextSequence)
        put(identifier: head.lastIdentifier)
    }

    private mutating func put(_ identity: LogIdentity) {
        put(identity.clientIdentifier)
        put(identity.userName == nil ? 0 as UInt8 : 1)
        if let userName = identity.userName { put(userName) }
        put(identifier: identity.listenerPort)
    }

    private mutating func put(_ will: Will) {
        var bits = will.qos & LogMessageBits.qos
        if will.isRetained { bits |= LogMessageBits.isRetained }
        if will.messageExpiryInterval != nil { bits |= LogMessageBits.hasExpiry }
        put(bits)
        put(UInt64(will.delayInterval))
        if let interval = will.messageExpiryInterval { put(UInt64(interval)) }
        put(will.topic)
        put(will.forwardedProperties)
        put(will.payload)
    }

    private mutating func put(_ subscription: SubscriptionImage) {
        put(subscription.filter)
        put(optional: subscription.shareName)
        put(subscription.options)
        put(UInt64(subscription.identifier))
    }

    /// 0 for none, or 1 and the bytes.
    private mutating func put(optional bytes: [UInt8]?) {
        put(bytes == nil ? 0 as UInt8 : 1)
        if let bytes { put(bytes) }
    }
}
