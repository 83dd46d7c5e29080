// SPDX-License-Identifier: Apache-2.0
// Reads the records that have no list.

import Inflight
import MQTT

extension RecordReader {
    mutating func delivery(_ tag: LogTag) throws(MalformedRecord) -> LogRecord {
        let session = try number64()
        switch tag {
        case .sent:
            let sequence = try number64()
            let identifiers = try stretch()
            let qos = try qos(try byte())
            return .sent(
                LogSending(
                    session: session,
                    sequence: sequence,
                    identifiers: identifiers,
                    qos: qos,
                    lastIdentifier: try identifier()
                )
            )
        case .acknowledged: return .acknowledged(session, try stretch())
        case .released: return .released(session, try stretch())
        case .completed: return .completed(session, try stretch())
        case .dropped:
            let sequence = try number64()
            let count = try number64()
            return .dropped(session, sequence: sequence, count: count, try reason())
        default:
            let identifier = try identifier()
            guard identifier != 0 else { throw MalformedRecord() }
            return .received(session, identifier: identifier, try message())
        }
    }

    mutating func life(_ tag: LogTag) throws(MalformedRecord) -> LogRecord {
        let session = try number64()
        switch tag {
        case .identity: return .identity(session, try identity())
        case .attached:
            let identity = try identity()
            let expiryInterval = try number32()
            return .attached(
                session,
                identity,
                expiryInterval: expiryInterval,
                isNew: try flag()
            )
        case .detached: return .detached(session, at: try signed())
        case .expiryChanged: return .expiryChanged(session, try number32())
        case .willCleared: return .willChanged(session, nil)
        case .willSet: return .willChanged(session, try will())
        default: return .ended(session)
        }
    }

    mutating func subscription(_ tag: LogTag) throws(MalformedRecord) -> LogRecord {
        let session = try number64()
        switch tag {
        case .subscribed: return .subscribed(session, try subscription())
        case .retainedBegan: return .retainedBegan(session, try subscription())
        case .unsubscribed:
            let filter = Array(try bytes(atMost: 65_535))
            return .unsubscribed(session, filter: filter, shareName: try optionalBytes())
        default: return .retainedEnded(session, filter: Array(try bytes(atMost: 65_535)))
        }
    }

    mutating func other(_ tag: LogTag) throws(MalformedRecord) -> LogRecord {
        switch tag {
        case .retainedSet:
            let version = try number64()
            return .retainedSet(version: version, try message())
        case .retainedCleared:
            let version = try number64()
            return .retainedCleared(version: version, topic: try bytes(atMost: 65_535))
        case .imageBegan: return .imageBegan(try imageHead())
        case .imageEnded: return .imageEnded(try number64())
        case .clock: return .clock(try signed())
        case .synced: return .synced(offset: try number64())
        case .checkpointCompleted: return .checkpointCompleted(try number64())
        case .cleanShutdown:
            let length = try number64()
            let checksum = try number32()
            let hasDatabase = try flag()
            let stamp = FileStamp(inode: try number64(), modifiedAt: try signed())
            let database = WrittenDatabase(length: length, checksum: checksum, stamp: stamp)
            return .cleanShutdown(hasDatabase ? database : nil)
        default: throw MalformedRecord()
        }
    }

    // MARK: Parts

    private mutating func stretch() throws(MalformedRecord) -> IdentifierStretch {
        let first = try identifier()
        let count = try number64()
        guard first > 0, count > 0, count <= UInt64(LogLimits.stretchMax) else {
            throw MalformedRecord()
        }
        return IdentifierStretch(first: first, count: Int(count))
    }

    private mutating func identity() throws(MalformedRecord) -> LogIdentity {
        let clientIdentifier = String(decoding: try bytes(), as: UTF8.self)
        let userName = try flag() ? String(decoding: try bytes(), as: UTF8.self) : nil
        return LogIdentity(
            clientIdentifier: clientIdentifier,
            userName: userName,
            listenerPort: try identifier()
        )
    }

    private mutating func imageHead() throws(MalformedRecord) -> LogImageHead {
        let session = try number64()
        let identity = try identity()
        let expiryInterval = try number32()
        let detachedAt = try flag() ? try signed() : nil
        let nextSequence = try number64()
        return LogImageHead(
            session: session,
            identity: identity,
            expiryInterval: expiryInterval,
            detachedAt: detachedAt,
            nextSequence: nextSequence,
            lastIdentifier: try identifier()
        )
    }

    private mutating func will() throws(MalformedRecord) -> Will {
        let bits = try byte()
        let delay = try number32()
        let expiry = bits & LogMessageBits.hasExpiry != 0 ? try number32() : nil
        let topic = Array(try bytes(atMost: 65_535))
        let properties = Array(try bytes())
        return Will(
            topic: topic,
            payload: Array(try bytes()),
            qos: try qos(bits),
            isRetained: bits & LogMessageBits.isRetained != 0,
            delayInterval: delay,
            messageExpiryInterval: expiry,
            forwardedProperties: properties
        )
    }

    private mutating func subscription() throws(MalformedRecord) -> SubscriptionImage {
        let filter = Array(try bytes(atMost: 65_535))
        let shareName = try optionalBytes()
        let options = try byte()
        return SubscriptionImage(
            filter: filter,
            shareName: shareName,
            options: options,
            identifier: try number32()
        )
    }

    private mutating func optionalBytes() throws(MalformedRecord) -> [UInt8]? {
        try flag() ? Array(try bytes(atMost: 65_535)) : nil
    }
}
