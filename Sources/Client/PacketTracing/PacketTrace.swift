// SPDX-License-Identifier: Apache-2.0
// The lines of -d.

package import MQTT

/// What `-d` says of the packets that are sent and received.
package struct PacketTrace: Sendable {
    /// The version, by which packets are read.
    package let version: ProtocolVersion
    /// The client identifier; empty as long as none is known.
    package var clientIdentifier: String
    /// The last packet identifier that was sent; what has none is shown as if it had the next one.
    private var lastIdentifier: UInt16 = 0

    /// Traces a connection.
    package init(version: ProtocolVersion, clientIdentifier: String) {
        self.version = version
        self.clientIdentifier = clientIdentifier
    }

    /// Takes the client identifier from CONNACK if the broker has chosen it.
    package mutating func adoptIdentifier(of packet: UnsafeRawBufferPointer) {
        guard case .header(let header) = parseFixedHeader(packet.bytes),
            header.packetLength <= packet.count
        else { return }
        let body = UnsafeRawBufferPointer(rebasing: packet[header.headerLength...])
        let connack = try? ConnackPacket(decoding: body.bytes, version: version)
        if let chosen = connack?.assignedClientIdentifier { clientIdentifier = chosen }
    }

    /// The lines for a whole packet, each with its newline; empty if it is none.
    package mutating func lines(_ packet: UnsafeRawBufferPointer, isSent: Bool) -> String {
        let name = clientIdentifier.isEmpty ? "null" : clientIdentifier
        let verb = isSent ? "sending" : "received"
        let texts = texts(packet, isSent: isSent)
        return texts.map { "Client \(name) \(verb) \($0)\n" }.joined()
    }

    private mutating func texts(_ packet: UnsafeRawBufferPointer, isSent: Bool) -> [String] {
        guard case .header(let header) = parseFixedHeader(packet.bytes),
            header.packetLength <= packet.count
        else { return [] }
        let body = UnsafeRawBufferPointer(
            rebasing: packet[header.headerLength..<header.packetLength]
        )
        let identifier = body.count >= 2 ? UInt16(body[0]) << 8 | UInt16(body[1]) : 0
        let reason = body.count > 2 ? body[2] : 0
        switch header.type {
        case .connect: return ["CONNECT"]
        case .connack: return ["CONNACK (\(body.count > 1 ? body[1] : 0))"]
        case .publish: return [publish(header.flags, body, isSent: isSent)]
        case .puback where isSent: return ["PUBACK (m\(identifier), rc\(reason))"]
        case .puback: return ["PUBACK (Mid: \(identifier), RC:\(reason))"]
        case .pubrec where isSent: return ["PUBREC (m\(identifier), rc\(reason))"]
        case .pubrec: return ["PUBREC (Mid: \(identifier))"]
        case .pubrel where isSent: return ["PUBREL (m\(identifier))"]
        case .pubrel: return ["PUBREL (Mid: \(identifier))"]
        case .pubcomp where isSent: return ["PUBCOMP (m\(identifier))"]
        case .pubcomp: return ["PUBCOMP (Mid: \(identifier), RC:\(reason))"]
        case .subscribe:
            lastIdentifier = identifier
            return filters(body, haveOptions: true).map { topic, options in
                let digits = String(options & 0xFC, radix: 16)
                let hex = String(repeating: "0", count: max(0, 2 - digits.count)) + digits
                return "SUBSCRIBE (Mid: \(identifier), Topic: \(topic), "
                    + "QoS: \(options & 3), Options: 0x\(hex))"
            }
        case .unsubscribe:
            lastIdentifier = identifier
            return filters(body, haveOptions: false).map { topic, _ in
                "UNSUBSCRIBE (Mid: \(identifier), Topic: \(topic))"
            }
        case .suback: return ["SUBACK"]
        case .unsuback: return ["UNSUBACK"]
        case .pingreq: return ["PINGREQ"]
        case .pingresp: return ["PINGRESP"]
        case .disconnect: return isSent ? ["DISCONNECT"] : ["DISCONNECT (\(body.first ?? 0))"]
        case .auth: return ["AUTH (\(body.first ?? 0))"]
        case nil: return []
        }
    }

    private mutating func publish(
        _ flags: UInt8,
        _ body: UnsafeRawBufferPointer,
        isSent: Bool
    ) -> String {
        guard
            let packet = try? PublishPacket(
                decoding: body.bytes,
                flags: flags,
                version: version,
                receiver: isSent ? .broker : .client
            )
        else { return "PUBLISH" }
        let topic = String(
            decoding: UnsafeRawBufferPointer(rebasing: body[packet.topic]),
            as: UTF8.self
        )
        var identifier = packet.packetIdentifier
        if isSent {
            if packet.qos == 0 { identifier = lastIdentifier == .max ? 1 : lastIdentifier + 1 }
            lastIdentifier = identifier
        }
        return "PUBLISH (d\(flags >> 3 & 1), q\(packet.qos), r\(flags & 1), "
            + "m\(identifier), '\(topic)', ... (\(packet.payload.count) bytes))"
    }

    /// Filters of SUBSCRIBE and UNSUBSCRIBE, which were made here.
    private func filters(
        _ body: UnsafeRawBufferPointer,
        haveOptions: Bool
    ) -> [(topic: String, options: UInt8)] {
        var found: [(topic: String, options: UInt8)] = []
        var offset = 2
        if version == .v5 {
            var count = 0
            var shift = 0
            while offset < body.count {
                let byte = body[offset]
                offset += 1
                count |= Int(byte & 0x7F) << shift
                shift += 7
                if byte & 0x80 == 0 { break }
            }
            offset += count
        }
        while offset + 2 <= body.count {
            let start = offset + 2
            let end = start + (Int(body[offset]) << 8 | Int(body[offset + 1]))
            guard end + (haveOptions ? 1 : 0) <= body.count else { break }
            let bytes = UnsafeRawBufferPointer(rebasing: body[start..<end])
            let options = haveOptions ? body[end] : 0
            found.append((String(decoding: bytes, as: UTF8.self), options))
            offset = end + (haveOptions ? 1 : 0)
        }
        return found
    }
}
