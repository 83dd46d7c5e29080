// SPDX-License-Identifier: Apache-2.0
// Builds control packets for the tests; shares nothing with the broker's codec, so neither its mistakes.

/// A protocol version a client can offer.
package enum Version: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    /// MQTT 3.1, protocol name `MQIsdp`.
    case v3 = 3
    /// MQTT 3.1.1.
    case v4 = 4
    /// MQTT 5.0.
    case v5 = 5

    /// How the names of tests show it.
    package var description: String { "v\(rawValue)" }

    /// The protocol name in CONNECT.
    package var protocolName: String { self == .v3 ? "MQIsdp" : "MQTT" }
}

/// Control packets as bytes.
package enum Wire {
    /// A two byte integer, high byte first.
    package static func int16(_ value: Int) -> Bytes {
        [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    /// A four byte integer, high byte first.
    package static func int32(_ value: UInt32) -> Bytes {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }

    /// A variable byte integer in its shortest form.
    package static func varint(_ value: Int) -> Bytes {
        var rest = value
        var bytes: Bytes = []
        repeat {
            let low = UInt8(rest & 0x7F)
            rest >>= 7
            bytes.append(rest > 0 ? low | 0x80 : low)
        } while rest > 0
        return bytes
    }

    /// Binary data with its two byte length.
    package static func binary(_ data: Bytes) -> Bytes { int16(data.count) + data }

    /// A UTF-8 string with its two byte length.
    package static func string(_ text: String) -> Bytes { binary(utf8(text)) }

    /// A block of properties with its length in front.
    package static func properties(_ list: Bytes) -> Bytes { varint(list.count) + list }

    /// First byte, remaining length, body.
    package static func packet(_ first: UInt8, _ body: Bytes) -> Bytes {
        [first] + varint(body.count) + body
    }

    /// CONNECT.
    package static func connect(
        _ clientIdentifier: String,
        _ version: Version = .v4,
        clean: Bool = true,
        keepAlive: Int = 60,
        username: String? = nil,
        password: String? = nil,
        properties list: Bytes = [],
        will: Will? = nil
    ) -> Bytes {
        var flags: UInt8 = clean ? 0x02 : 0
        if let will { flags |= 0x04 | will.qos << 3 | (will.retain ? 0x20 : 0) }
        if username != nil { flags |= 0x80 }
        if password != nil { flags |= 0x40 }
        var body = string(version.protocolName) + [version.rawValue, flags] + int16(keepAlive)
        if version == .v5 { body += properties(list) }
        body += string(clientIdentifier)
        if let will {
            if version == .v5 { body += properties(will.properties) }
            body += string(will.topic) + binary(will.payload)
        }
        if let username { body += string(username) }
        if let password { body += string(password) }
        return packet(0x10, body)
    }

    /// CONNACK as the broker is expected to send it with default limits.
    package static func connack(_ version: Version, sessionPresent: Bool = false) -> Bytes {
        let flags: UInt8 = sessionPresent ? 1 : 0
        return version == .v5
            ? [0x20, 0x0E, flags, 0] + hex("0B 22000A 27001E8480 210014") : [0x20, 0x02, flags, 0]
    }

    /// PUBLISH; `id` is left out for QoS 0.
    package static func publish(
        _ version: Version,
        _ topic: String,
        _ payload: String = "",
        qos: UInt8 = 0,
        id: Int = 0,
        retain: Bool = false,
        dup: Bool = false,
        properties list: Bytes = []
    ) -> Bytes {
        publish(
            version,
            topic,
            bytes: utf8(payload),
            qos: qos,
            id: id,
            retain: retain,
            dup: dup,
            properties: list
        )
    }

    /// PUBLISH with a payload of any bytes.
    package static func publish(
        _ version: Version,
        _ topic: String,
        bytes payload: Bytes,
        qos: UInt8 = 0,
        id: Int = 0,
        retain: Bool = false,
        dup: Bool = false,
        properties list: Bytes = []
    ) -> Bytes {
        let first = 0x30 | (dup ? 8 : 0) | qos << 1 | (retain ? 1 : 0)
        var body = string(topic)
        if qos > 0 { body += int16(id) }
        if version == .v5 { body += properties(list) }
        return packet(first, body + payload)
    }

    /// SUBSCRIBE for pairs of filter and options byte.
    package static func subscribe(
        _ version: Version,
        id: Int = 1,
        _ filters: [(String, UInt8)],
        properties list: Bytes = []
    ) -> Bytes {
        var body = int16(id)
        if version == .v5 { body += properties(list) }
        for (filter, options) in filters { body += string(filter) + [options] }
        return packet(0x82, body)
    }

    /// UNSUBSCRIBE.
    package static func unsubscribe(_ version: Version, id: Int = 1, _ filters: [String]) -> Bytes {
        var body = int16(id)
        if version == .v5 { body += [0] }
        for filter in filters { body += string(filter) }
        return packet(0xA2, body)
    }

    /// SUBACK.
    package static func suback(_ version: Version, id: Int = 1, _ codes: Bytes) -> Bytes {
        packet(0x90, int16(id) + (version == .v5 ? [0] : []) + codes)
    }

    /// UNSUBACK; the codes go out in version 5 only.
    package static func unsuback(_ version: Version, id: Int = 1, _ codes: Bytes = [0]) -> Bytes {
        packet(0xB0, int16(id) + (version == .v5 ? [0] + codes : []))
    }

    /// PUBACK in its short form, or with a reason code.
    package static func puback(_ id: Int, _ reason: UInt8 = 0) -> Bytes { ack(0x40, id, reason) }

    /// PUBREC in its short form, or with a reason code.
    package static func pubrec(_ id: Int, _ reason: UInt8 = 0) -> Bytes { ack(0x50, id, reason) }

    /// PUBREL in its short form, or with a reason code.
    package static func pubrel(_ id: Int, _ reason: UInt8 = 0) -> Bytes { ack(0x62, id, reason) }

    /// PUBCOMP in its short form, or with a reason code.
    package static func pubcomp(_ id: Int, _ reason: UInt8 = 0) -> Bytes { ack(0x70, id, reason) }

    /// DISCONNECT: empty, or with a reason code and perhaps properties (version 5).
    package static func disconnect(_ reason: UInt8? = nil, properties list: Bytes? = nil) -> Bytes {
        packet(0xE0, (reason.map { [$0] } ?? []) + (list.map { properties($0) } ?? []))
    }

    /// PINGREQ.
    package static let pingreq: Bytes = [0xC0, 0]

    /// PINGRESP.
    package static let pingresp: Bytes = [0xD0, 0]

    private static func ack(_ first: UInt8, _ id: Int, _ reason: UInt8) -> Bytes {
        packet(first, int16(id) + (reason == 0 ? [] : [reason]))
    }
}
