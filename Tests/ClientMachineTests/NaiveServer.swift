// SPDX-License-Identifier: Apache-2.0
// The server the machine is tried against: as simple as can be, and suspicious.

import MQTT

/// A server with one client whose session it keeps; complains about what a client may not do.
struct NaiveServer {
    private struct Outgoing {
        var identifier: UInt16
        var payload: [UInt8]
        var qos: UInt8
        var isReceived = false
        var isSent = false
    }

    let version: ProtocolVersion
    var receiveMaximum = 65_535
    var topicAliasMaximum: UInt16 = 0
    /// What is wrong with the client.
    private(set) var complaints: [String] = []
    /// Payloads of messages of the client, as a subscriber would get them.
    private(set) var published: [[UInt8]] = []
    /// QoS 2 identifiers that wait for PUBREL.
    private var unreleased: Set<UInt16> = []
    private var aliases: [UInt16: [UInt8]] = [:]
    private var clientReceiveMaximum = 65_535
    private var outgoing: [Outgoing] = []
    private var lastIdentifier: UInt16 = 0
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var hasSession = false
    private(set) var isConnected = false
    /// Messages of the client that are taken in and not yet answered.
    private var waiting: [(type: PacketType, identifier: UInt16)] = []

    var unfinishedCount: Int { outgoing.count }

    init(version: ProtocolVersion) { self.version = version }

    mutating func connectionLost() {
        isConnected = false
        input = []
        output = []
        aliases = [:]
        waiting = []
        for index in outgoing.indices { outgoing[index].isSent = false }
    }

    /// As after a restart without persistence.
    mutating func loseSession() {
        hasSession = false
        unreleased = []
        outgoing = []
    }

    mutating func deliver(_ payload: [UInt8], qos: UInt8) {
        outgoing.append(Outgoing(identifier: 0, payload: payload, qos: qos))
    }

    mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// Sends what waits, as far as the client allows.
    mutating func pump() {
        guard isConnected else { return }
        for index in outgoing.indices where !outgoing[index].isSent {
            let flying = outgoing.filter { $0.isSent && $0.qos > 0 }.count
            if outgoing[index].qos > 0, flying >= clientReceiveMaximum { break }
            outgoing[index].isSent = true
            send(index)
        }
        outgoing.removeAll { $0.qos == 0 && $0.isSent }
    }

    private mutating func send(_ index: Int) {
        let isRepeated = outgoing[index].identifier != 0
        if !isRepeated, outgoing[index].qos > 0 {
            repeat {
                lastIdentifier = lastIdentifier == 300 ? 1 : lastIdentifier + 1
            } while outgoing.contains { $0.identifier == lastIdentifier }
            outgoing[index].identifier = lastIdentifier
        }
        let message = outgoing[index]
        if message.isReceived {
            output.appendAck(.pubrel, packetIdentifier: message.identifier, version: version)
            return
        }
        output.appendPublish(
            topic: Array("down".utf8),
            payload: message.payload,
            qos: message.qos,
            isDuplicate: isRepeated,
            packetIdentifier: message.identifier,
            version: version
        )
    }

    /// Answers some of what waits.
    mutating func answer(_ count: Int) {
        for (type, identifier) in waiting.prefix(count) {
            output.appendAck(type, packetIdentifier: identifier, version: version)
        }
        waiting.removeFirst(min(count, waiting.count))
    }

    mutating func receive(_ bytes: [UInt8]) {
        input += bytes
        while case .header(let header) = parseFixedHeader(input.rawBytes),
            input.count >= header.packetLength
        {
            let body = Array(input[header.headerLength..<header.packetLength])
            input.removeFirst(header.packetLength)
            do {
                try handle(header, body)
            } catch {
                complaints.append("\(error)")
            }
        }
    }

    private mutating func handle(_ header: FixedHeader, _ body: [UInt8]) throws {
        if header.type == .connect {
            let connect = try ConnectPacket(decoding: body.rawBytes, limits: ConnectLimits())
            accept(connect)
            return
        }
        guard isConnected else {
            complaints.append("packet before CONNECT")
            return
        }
        try checkFixedHeader(header, version: version)
        switch header.type {
        case .publish: try handlePublish(header, body)
        case .pubrel:
            let ack = try AckPacket(decoding: body.rawBytes, type: .pubrel, version: version)
            unreleased.remove(ack.packetIdentifier)
            waiting.append((.pubcomp, ack.packetIdentifier))
        case .puback, .pubcomp: try end(header, body)
        case .pubrec:
            let ack = try AckPacket(decoding: body.rawBytes, type: .pubrec, version: version)
            if let index = outgoing.firstIndex(where: { $0.identifier == ack.packetIdentifier }) {
                outgoing[index].isReceived = true
                output.appendAck(.pubrel, packetIdentifier: ack.packetIdentifier, version: version)
            } else {
                complaints.append("PUBREC for nothing")
            }
        case .pingreq: output += [0xD0, 0]
        case .disconnect: isConnected = false
        default: complaints.append("unexpected \(header.firstByte)")
        }
    }

    private mutating func accept(_ connect: ConnectPacket) {
        isConnected = true
        clientReceiveMaximum = Int(connect.receiveMaximum ?? 65_535)
        var connack = ConnackPacket(reasonCode: .success, isSessionPresent: hasSession)
        if receiveMaximum < 65_535 { connack.receiveMaximum = UInt16(receiveMaximum) }
        connack.topicAliasMaximum = topicAliasMaximum
        hasSession = true
        output.appendConnack(connack, version: version)
    }

    private mutating func handlePublish(_ header: FixedHeader, _ body: [UInt8]) throws {
        let publish = try PublishPacket(
            decoding: body.rawBytes,
            flags: header.flags,
            version: version
        )
        var topic = Array(body[publish.topic])
        if let alias = publish.topicAlias {
            if alias > topicAliasMaximum { complaints.append("alias \(alias)") }
            if topic.isEmpty { topic = aliases[alias] ?? [] } else { aliases[alias] = topic }
        }
        let payload = Array(body[publish.payload])
        // The topic is told in the payload.
        if payload.first != topic.first { complaints.append("topic of another message") }
        let identifier = publish.packetIdentifier
        switch publish.qos {
        case 0: published.append(payload)
        case 1:
            published.append(payload)
            waiting.append((.puback, identifier))
        default:
            if unreleased.insert(identifier).inserted {
                published.append(payload)
            } else if !publish.isDuplicate {
                complaints.append("identifier \(identifier) in use")
            }
            waiting.append((.pubrec, identifier))
        }
        let flying = Set(waiting.filter { $0.type != .pubcomp }.map(\.identifier)).count
        if flying > receiveMaximum { complaints.append("receive maximum exceeded") }
    }

    private mutating func end(_ header: FixedHeader, _ body: [UInt8]) throws {
        let type: PacketType = header.type == .puback ? .puback : .pubcomp
        let ack = try AckPacket(decoding: body.rawBytes, type: type, version: version)
        guard let index = outgoing.firstIndex(where: { $0.identifier == ack.packetIdentifier })
        else {
            complaints.append("answer to nothing")
            return
        }
        let message = outgoing[index]
        let fits = type == .puback ? message.qos == 1 : message.qos == 2 && message.isReceived
        if !fits { complaints.append("answer of another kind") }
        outgoing.remove(at: index)
    }
}
