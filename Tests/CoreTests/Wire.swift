// SPDX-License-Identifier: Apache-2.0
// Control packets as clients send them, as bytes.

/// Encodes what a client sends, and finds its way in what the broker sends.
enum Wire {
    static let pingreq: [UInt8] = [0xC0, 0]
    static let disconnect: [UInt8] = [0xE0, 0]

    static func bytes(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

    static func bytes(_ value: UInt32) -> [UInt8] {
        bytes(UInt16(value >> 16)) + bytes(UInt16(value & 0xFFFF))
    }

    static func string(_ text: String) -> [UInt8] {
        bytes(UInt16(text.utf8.count)) + Array(text.utf8)
    }

    static func integer(_ value: Int) -> [UInt8] {
        var rest = value
        var result: [UInt8] = []
        repeat {
            let low = UInt8(rest & 0x7F)
            rest >>= 7
            result.append(rest > 0 ? low | 0x80 : low)
        } while rest > 0
        return result
    }

    static func packet(_ first: UInt8, _ body: [UInt8]) -> [UInt8] {
        [first] + integer(body.count) + body
    }

    /// CONNECT; `expiry` only for version 5.
    static func connect(
        _ name: String,
        isClean: Bool = true,
        version: UInt8 = 4,
        keepAlive: UInt16 = 0,
        expiry: UInt32? = nil,
        receiveMaximum: UInt16? = nil,
        packetSizeMax: UInt32? = nil,
        will: (topic: String, qos: UInt8)? = nil
    ) -> [UInt8] {
        var flags: UInt8 = isClean ? 2 : 0
        if let will { flags |= 4 | will.qos << 3 }
        var body = string("MQTT") + [version, flags] + bytes(keepAlive)
        if version == 5 {
            var properties: [UInt8] = []
            if let expiry { properties += [0x11] + bytes(expiry) }
            if let receiveMaximum { properties += [0x21] + bytes(receiveMaximum) }
            if let packetSizeMax { properties += [0x27] + bytes(packetSizeMax) }
            body += integer(properties.count) + properties
        }
        body += string(name)
        if let will { body += (version == 5 ? [0] : []) + string(will.topic) + string("will") }
        return packet(0x10, body)
    }

    /// PUBLISH; `expiry` only for version 5.
    static func publish(
        _ topic: String,
        _ payload: [UInt8],
        qos: UInt8 = 0,
        identifier: UInt16 = 1,
        isRetained: Bool = false,
        version: UInt8 = 4,
        expiry: UInt32? = nil
    ) -> [UInt8] {
        let head = string(topic) + (qos > 0 ? bytes(identifier) : [])
        let first = 0x30 | qos << 1 | (isRetained ? 1 : 0)
        let properties = expiry.map { [5, 0x02] + bytes($0) } ?? [0]
        return packet(first, head + (version == 5 ? properties : []) + payload)
    }

    static func subscribe(
        _ filters: [String],
        qos: UInt8 = 0,
        identifier: UInt16 = 1,
        version: UInt8 = 4
    ) -> [UInt8] {
        let head = bytes(identifier) + (version == 5 ? [0] : [])
        return packet(0x82, filters.reduce(head) { $0 + string($1) + [qos] })
    }

    static func unsubscribe(
        _ filters: [String],
        identifier: UInt16 = 1,
        version: UInt8 = 4
    ) -> [UInt8] {
        let head = bytes(identifier) + (version == 5 ? [0] : [])
        return packet(0xA2, filters.reduce(head) { $0 + string($1) })
    }

    /// PUBACK 0x40, PUBREC 0x50, PUBREL 0x62, PUBCOMP 0x70.
    static func acknowledgement(_ first: UInt8, _ identifier: UInt16) -> [UInt8] {
        [first, 2] + bytes(identifier)
    }

    /// Bytes of the packet in front, as soon as its head is there.
    static func packetSize(_ bytes: [UInt8]) -> Int? {
        var length = 0
        for (index, byte) in bytes.dropFirst().prefix(4).enumerated() {
            length |= Int(byte & 0x7F) << (7 * index)
            if byte < 0x80 { return index + 2 + length }
        }
        return nil
    }

    /// Receive Maximum in a CONNACK of version 5.
    static func receiveMaximum(_ connack: [UInt8]) -> Int {
        var place = 5
        while place < connack.count {
            switch connack[place] {
            case 0x21: return Int(identifier(connack, at: place + 1))
            case 0x24, 0x25, 0x28, 0x29, 0x2A: place += 2
            case 0x13, 0x22: place += 3
            case 0x11, 0x27: place += 5
            default: place += 3 + Int(identifier(connack, at: place + 1))
            }
        }
        return 65_535
    }

    /// QoS and packet identifier of a PUBLISH, which are where they are in every version.
    static func delivery(_ packet: [UInt8]) -> (qos: UInt8, identifier: UInt16) {
        var place = 1
        while packet[place] >= 0x80 { place += 1 }
        let topicCount = Int(identifier(packet, at: place + 1))
        let qos = packet[0] >> 1 & 3
        return (qos, qos > 0 ? identifier(packet, at: place + 3 + topicCount) : 0)
    }

    /// What stands in a PUBLISH.
    struct Publication {
        let topic: String
        let qos: UInt8
        let identifier: UInt16
        let payload: [UInt8]

        init(_ packet: [UInt8], version: UInt8) {
            var place = 1
            while packet[place] >= 0x80 { place += 1 }
            place += 1
            let count = Int(packet[place]) << 8 | Int(packet[place + 1])
            topic = String(decoding: packet[(place + 2)..<(place + 2 + count)], as: UTF8.self)
            place += 2 + count
            qos = packet[0] >> 1 & 3
            identifier = qos > 0 ? Wire.identifier(packet, at: place) : 0
            place += qos > 0 ? 2 : 0
            if version == 5 {
                var (length, shift) = (0, 0)
                repeat {
                    length |= Int(packet[place] & 0x7F) << shift
                    shift += 7
                    place += 1
                } while packet[place - 1] >= 0x80
                place += length
            }
            payload = Array(packet[place...])
        }
    }

    static func identifier(_ packet: [UInt8], at place: Int = 2) -> UInt16 {
        UInt16(packet[place]) << 8 | UInt16(packet[place + 1])
    }
}
