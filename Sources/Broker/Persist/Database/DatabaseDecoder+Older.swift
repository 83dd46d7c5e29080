// SPDX-License-Identifier: Apache-2.0
// Bodies of chunks of versions 2 to 4: how long they are, and what is in them.

import Inflight
import MQTT

extension DatabaseInput {
    /// Makes a body available that says itself where it ends, and returns its length.
    mutating func fill(_ layout: [DatabaseField]) throws(DatabaseReadError.Reason) -> Int {
        var count = 0
        for field in layout {
            switch field {
            case .fixed(let size): count += size
            case .text:
                guard try fill(count + 2) else { throw .endsEarly }
                count += 2 + twoBytes(at: count)
            case .payload:
                guard try fill(count + 4) else { throw .endsEarly }
                let length = Int(fourBytes(at: count))
                guard length <= DatabaseFormat.payloadByteCountMax else { throw .tooLong }
                count += 4 + length
            }
        }
        guard try fill(count) else { throw .endsEarly }
        return count
    }
}

/// Each body has the fields of its `DatabaseField.layout`: it was measured by them, so that no read
/// comes up short. Should one all the same, the lengths do not add up.
extension DatabaseDecoder {
    /// ```
    /// | clean shutdown: 1 | bytes of a number: 1 | last number: 8 |
    /// ```
    func olderConfiguration(_ body: RawSpan) throws(Failure) -> DatabaseConfiguration {
        guard body.byteCount == 10 else { throw .wrongLength }
        let size = UnsafeLoad.byte(body, at: 1)
        guard size == DatabaseFormat.numberByteCount else { throw .incompatibleNumberSize(size) }
        return DatabaseConfiguration(
            lastNumber: UnsafeLoad.word(body, at: 2),
            isCleanShutdown: UnsafeLoad.byte(body, at: 0) != 0
        )
    }

    /// Versions before 4 have neither user name nor port.
    /// ```
    /// | number: 8 | source | user name | port: 2 | packet identifier: 2 | 2 | topic | QoS: 1
    /// | RETAIN: 1 | payload length: 4 | payload |
    /// ```
    mutating func olderMessage(_ body: RawSpan) throws(Failure) -> DatabaseMessageParts? {
        var reader = PacketReader(body)
        let number = UnsafeLoad.word(body, at: 0)
        let hasName = version == 4
        guard reader.readBytes(8) != nil, let source = reader.readBinary(),
            let user = hasName ? reader.readBinary() : 0..<0,
            let port = hasName ? reader.readTwoByteInteger() : 0,
            let identifier = reader.readTwoByteInteger(), reader.readTwoByteInteger() != nil,
            let topic = reader.readBinary(), let qos = reader.readByte(),
            let retain = reader.readByte(), let payloadCount = reader.readFourByteInteger(),
            let payload = reader.readBytes(Int(payloadCount)), reader.remaining == 0
        else { throw .wrongLength }
        guard isValidTopicName(body.extracting(topic)) else { return nil }
        let message = DatabaseMessage(
            number: number,
            sourceIdentifier: sourceIdentifiers.name(body, source) ?? "",
            sourceUserName: userNames.name(body, user),
            sourcePort: port,
            sourcePacketIdentifier: identifier,
            qos: try self.qos(qos),
            isRetained: retain != 0
        )
        return DatabaseMessageParts(
            message: message,
            topic: topic,
            properties: body.byteCount..<body.byteCount,
            payload: payload
        )
    }

    /// ```
    /// | client identifier | number: 8 | packet identifier: 2 | QoS: 1 | RETAIN: 1 | direction: 1
    /// | state: 1 | DUP: 1 |
    /// ```
    mutating func olderDelivery(_ body: RawSpan) throws(Failure) -> DatabaseDelivery? {
        var reader = PacketReader(body)
        guard let client = reader.readBinary(), let number = reader.readBytes(8),
            let identifier = reader.readTwoByteInteger(), let qos = reader.readByte(),
            let retain = reader.readByte(), let direction = reader.readByte(),
            let state = reader.readByte(), let duplicate = reader.readByte(),
            reader.remaining == 0
        else { throw .wrongLength }
        return try delivery(
            client: clientIdentifiers.text(body, client),
            message: UnsafeLoad.word(body, at: number.lowerBound),
            identifier: identifier,
            qos: qos,
            state: state,
            flags: (retain != 0, duplicate != 0),
            direction: direction
        )
    }

    /// ```
    /// | client identifier | filter | QoS: 1 |
    /// ```
    mutating func olderSubscription(_ body: RawSpan) throws(Failure) -> DatabaseSubscription? {
        var reader = PacketReader(body)
        guard let client = reader.readBinary(), let filter = reader.readBinary(),
            let qos = reader.readByte(), reader.remaining == 0
        else { throw .wrongLength }
        return subscription(body, client, filter, try self.qos(qos), 0)
    }

    /// The time of versions 3 and 4 is not used.
    /// ```
    /// | client identifier | last packet identifier: 2 | time: 8 |
    /// ```
    mutating func olderClient(_ body: RawSpan) throws(Failure) -> DatabaseClient? {
        var reader = PacketReader(body)
        guard let client = reader.readBinary(), let identifier = reader.readTwoByteInteger(),
            reader.readBytes(version == 2 ? 0 : 8) != nil, reader.remaining == 0
        else { throw .wrongLength }
        guard let text = clientIdentifiers.text(body, client) else { return nil }
        return DatabaseClient(clientIdentifier: text, lastIdentifier: identifier)
    }
}
