// SPDX-License-Identifier: Apache-2.0
// All tables of exchanges, and what a broker does with a row of them.

import TestSupport
import Testing

/// A table of exchanges, with the moment at which they are tried.
struct RowTable: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Whether the bytes are the first of a connection; else they come after CONNACK.
    let isFirst: Bool
    let rows: [Row]

    /// All of them.
    static let all: [RowTable] = [
        RowTable("first packets", isFirst: true, Framing.firstPackets),
        RowTable("header of CONNECT", isFirst: true, ConnectFields.headers),
        RowTable("payload of CONNECT", isFirst: true, ConnectFields.payloads),
        RowTable("strings of CONNECT", isFirst: true, ConnectFields.strings),
        RowTable("properties of CONNECT", isFirst: true, ConnectFields.allProperties),
        RowTable("properties of wills", isFirst: true, ConnectFields.willProperties),
        RowTable("lengths", Framing.lengths),
        RowTable("flags", Framing.flags),
        RowTable("packets of a server", Framing.serverPackets),
        RowTable("PUBLISH", PublishPackets.headers),
        RowTable("properties of PUBLISH", PublishPackets.refusedProperties),
        RowTable("unasked acknowledgements", Acknowledgements.unsolicited),
        RowTable("malformed acknowledgements", Acknowledgements.malformed),
        RowTable("reasons of acknowledgements", Acknowledgements.reasons),
        RowTable("filters", SubscribePackets.filters),
        RowTable("SUBSCRIBE", SubscribePackets.shapes),
        RowTable("properties of SUBSCRIBE", SubscribePackets.properties),
        RowTable("UNSUBSCRIBE", SubscribePackets.unsubscribes),
        RowTable("DISCONNECT", DisconnectPackets.rows),
    ]

    private init(_ title: String, isFirst: Bool = false, _ rows: [Row]) {
        testDescription = title
        self.isFirst = isFirst
        self.rows = rows
    }
}

extension Reaction {
    /// As `Row.answer` tells it.
    var text: String {
        switch self {
        case .close: "closed"
        case .disconnect(let reason): hexText([0xE0, 0x01, reason]) + ", closed"
        case .closeAfter(let text): hexText(hex(text)) + ", closed"
        case .answer(let text): hexText(hex(text))
        case .silence: "nothing"
        }
    }
}

extension Row {
    /// What comes behind a row's bytes, and what every broker answers it with.
    private static let mark = 60_001

    /// What the broker does, as text: the packets that come, and whether it closes the connection.
    ///
    /// - Parameter expected: What it should be. Nothing is sent behind bytes that close the connection:
    ///   what the broker has not read when it closes may cost us what it has sent.
    func answer(of broker: Broker, isFirst: Bool, expected: String) throws -> String {
        let client = try RawClient(broker)
        if !isFirst {
            client.send(Wire.connect(unique("row"), version))
            let connack = try client.readPacket()
            guard connack[0] == 0x20, connack[3] == 0 else { throw Mismatch("\(connack)") }
        }
        client.send(bytes)
        var packets: [String] = []
        if expected.hasSuffix("closed") {
            while let packet = client.nextPacket(seconds: 5) { packets.append(hexText(packet)) }
        }
        let end = Wire.suback(version, id: Self.mark, [0])
        if !client.isClosed {
            client.send(Wire.subscribe(version, id: Self.mark, [("mark", 0)]))
            let patience = expected == "nothing" ? 1.0 : 5
            while let packet = client.nextPacket(seconds: patience), packet != end {
                packets.append(hexText(packet))
            }
        }
        if client.isClosed { packets.append("closed") }
        return packets.isEmpty ? "nothing" : packets.joined(separator: ", ")
    }
}
