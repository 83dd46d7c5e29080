// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE with their answers (5.0 sections 3.8 to 3.11).

package import Inflight
package import MQTT

/// Why a request is not sent.
package enum RequestError: Error, Sendable, Equatable {
    /// There is no connection.
    case notConnected
    /// There is no filter, or one that is malformed.
    case invalidFilter
    /// The server has said that it does not do this.
    case notAvailable
    /// The server does not take packets of this size.
    case tooLarge
    /// All packet identifiers are in use.
    case noIdentifier
}

extension MQTTClientMachine {
    /// Asks for subscriptions; returns the packet identifier that the answer will have: the one given, which
    /// the driver has taken from the window, or one of the machine's choice.
    ///
    /// `properties` are encoded and without their length; 5.0 only. A QoS above the server's maximum
    /// is lowered.
    package mutating func subscribe(
        _ filters: [(filter: [UInt8], options: SubscriptionOptions)],
        properties: [UInt8] = [],
        packetIdentifier: UInt16? = nil,
        _ send: borrowing SendWindow,
        now: Int64,
        output: inout [UInt8]
    ) throws(RequestError) -> UInt16 {
        try check(filters.map(\.filter))
        if version == .v5, !isLenient {
            try checkAvailability(filters.map(\.filter), properties)
        }
        let identifier = try take(packetIdentifier, send)
        let lowered = filters.map { filter, options in
            let qos = isLenient ? options.qos : min(options.qos, limits.maximumQoS)
            return (filter, SubscriptionOptions(rawValue: options.rawValue & ~3 | qos))
        }
        var packet: [UInt8] = []
        packet.appendSubscribe(
            packetIdentifier: identifier,
            filters: lowered,
            properties: properties,
            version: version
        )
        return try write(packet, .subscribe, identifier, filters.count, now, &output)
    }

    /// Ends subscriptions; returns the packet identifier that the answer will have, as `subscribe`.
    package mutating func unsubscribe(
        _ filters: [[UInt8]],
        properties: [UInt8] = [],
        packetIdentifier: UInt16? = nil,
        _ send: borrowing SendWindow,
        now: Int64,
        output: inout [UInt8]
    ) throws(RequestError) -> UInt16 {
        try check(filters)
        let identifier = try take(packetIdentifier, send)
        var packet: [UInt8] = []
        packet.appendUnsubscribe(
            packetIdentifier: identifier,
            filters: filters,
            properties: properties,
            version: version
        )
        return try write(packet, .unsubscribe, identifier, filters.count, now, &output)
    }

    private mutating func take(
        _ given: UInt16?,
        _ send: borrowing SendWindow
    ) throws(RequestError) -> UInt16 {
        if let given { return given }
        return try requestIdentifier(send)
    }

    private mutating func write(
        _ packet: [UInt8],
        _ type: PacketType,
        _ identifier: UInt16,
        _ count: Int,
        _ now: Int64,
        _ output: inout [UInt8]
    ) throws(RequestError) -> UInt16 {
        guard packet.count <= limits.maximumPacketSize else { throw .tooLarge }
        requests[identifier] = (type, count)
        output += packet
        keepAlive.noteSent(now)
        return identifier
    }

    private func check(_ filters: [[UInt8]]) throws(RequestError) {
        guard stage == .connected || (stage == .connecting && isLenient) else {
            throw .notConnected
        }
        // [MQTT-3.8.3-2] [MQTT-3.10.3-2]
        guard !filters.isEmpty, filters.allSatisfy({ isValidTopicFilter($0) }) else {
            throw .invalidFilter
        }
    }

    private func checkAvailability(
        _ filters: [[UInt8]],
        _ properties: [UInt8]
    ) throws(RequestError) {
        if !limits.isWildcardAvailable,
            filters.contains(where: {
                $0.contains(UInt8(ascii: "+")) || $0.contains(UInt8(ascii: "#"))
            })
        {
            throw .notAvailable
        }
        if !limits.isSharedAvailable,
            filters.contains(where: { $0.starts(with: Array("$share/".utf8)) })
        {
            throw .notAvailable
        }
        guard !limits.isSubscriptionIdentifierAvailable else { return }
        var walk = PropertyIterator(properties.rawBytes)
        while let property = walk.next() {
            if property.identifier == .subscriptionIdentifier { throw .notAvailable }
        }
    }

    /// A packet identifier that nothing under way has [MQTT-2.2.1-3].
    ///
    /// Half a round ahead of the messages', which the window counts up one by one: a server answers
    /// a request long before it has acknowledged 32,768 later messages.
    private mutating func requestIdentifier(
        _ send: borrowing SendWindow
    ) throws(RequestError) -> UInt16 {
        if numbersInTurn {
            guard let identifier = send.takeIdentifier(where: { requests[$0] == nil }) else {
                throw .noIdentifier
            }
            return identifier
        }
        var candidate = send.lastIdentifier ^ 0x8000
        for _ in 0..<65_535 {
            candidate = PacketIdentifiers.next(candidate)
            if requests[candidate] == nil, !send.isUsed(candidate) { return candidate }
        }
        throw .noIdentifier
    }

    /// Sends a message past all that waits, as the first one of a connection may have to be; with QoS 1
    /// `announced` follows.
    ///
    /// It has no place in the window: what is lost with the connection is not sent again. A QoS above
    /// the server's maximum is lowered, and RETAIN left out where the server does not retain.
    package mutating func announce(
        _ message: OutgoingPublish,
        _ send: borrowing SendWindow,
        now: Int64,
        output: inout [UInt8]
    ) throws(RequestError) {
        assert(message.qos < 2, "nothing is kept that could be released")
        guard stage == .connected else { throw .notConnected }
        var identifier: UInt16 = 0
        let qos = min(message.qos, limits.maximumQoS)
        if qos > 0 { identifier = try requestIdentifier(send) }
        var packet: [UInt8] = []
        packet.appendPublish(
            topic: message.topic,
            payload: message.payload,
            qos: qos,
            isRetained: message.isRetained && limits.isRetainAvailable,
            packetIdentifier: identifier,
            properties: version == .v5 ? message.properties : [],
            version: version
        )
        guard packet.count <= limits.maximumPacketSize else { throw .tooLarge }
        if qos > 0 { requests[identifier] = (.publish, 0) }
        output += packet
        keepAlive.noteSent(now)
    }

    mutating func handleAnswer(
        _ header: FixedHeader,
        _ body: RawSpan
    ) throws(PacketError) -> ClientEvent {
        let isSuback = header.type == .suback
        let answer = try SubscriptionAckPacket(
            decoding: body,
            type: isSuback ? .suback : .unsuback,
            version: version,
            allowsNoCode: isLenient
        )
        let identifier = answer.packetIdentifier
        guard let request = requests[identifier],
            request.type == (isSuback ? .subscribe : .unsubscribe)
        else {
            if isLenient { return .nothing }
            throw .protocolError(version, "answer to no request")
        }
        // UNSUBACK had no codes before 5.0.
        guard
            answer.reasonCodes.count == request.count || (!isSuback && version != .v5) || isLenient
        else {
            throw .protocolError(version, "number of reason codes")
        }
        // [MQTT-3.9.3-2] [MQTT311-3.9.3-2]
        guard
            !isSuback || version == .v5 || isLenient
                || answer.reasonCodes.allSatisfy({ $0.rawValue <= 2 || $0.rawValue == 0x80 })
        else { throw .malformed(version, "SUBACK return code") }
        requests[identifier] = nil
        if isSuback {
            return .subscribed(packetIdentifier: identifier, answer.reasonCodes)
        }
        return .unsubscribed(packetIdentifier: identifier, answer.reasonCodes)
    }
}
