// SPDX-License-Identifier: Apache-2.0
// A CONNECT that is refused changes nothing: session, queue, will and connection of whoever has
// that client identifier are as they were.

import TestSupport
import Testing

@Suite("Refused CONNECTs")
struct Refusals {
    /// Why a CONNECT with the owner's client identifier is refused.
    enum Kind: String, CaseIterable, Sendable {
        case notAuthorised, notAuthorised3, wrongPassword, unknownUser, unknownMethod
        case prefix, noUsername, noUsername3
        case keepAlive, keepAliveZero, connackTooLarge, connackTooLargeClean
        case noPlace, protocolVersion, tooLong, reservedFlag, bytesLeft, emptyWillTopic
        case willQoS, willQoS3, retainedWill, retainedWill3, willTooLarge, willTooLarge3
        case dataWithoutMethod, notFirst

        /// Options beyond those of two listeners: of the broker, and of the stranger's listener.
        var options: (broker: String, listener: String) {
            switch self {
            case .notAuthorised, .notAuthorised3: ("", "listener_allow_anonymous false\n")
            case .wrongPassword, .unknownUser: ("password_file %DIR%/pw\n", "")
            case .prefix: ("clientid_prefixes own\n", "use_username_as_clientid true\n")
            case .noUsername, .noUsername3: ("", "use_username_as_clientid true\n")
            case .keepAlive, .keepAliveZero: ("max_keepalive 100\n", "")
            case .noPlace: ("", "max_connections 1\n")
            case .protocolVersion: ("", "accept_protocol_versions 5\n")
            case .willQoS, .willQoS3: ("", "max_qos 0\n")
            case .retainedWill, .retainedWill3: ("retain_available false\n", "")
            case .willTooLarge, .willTooLarge3: ("message_size_limit 10\n", "")
            default: ("", "")
            }
        }

        /// What the stranger sends.
        var packet: Bytes {
            let id = Refusals.owner
            return switch self {
            case .notAuthorised, .noPlace, .noUsername: Wire.connect(id, .v5)
            case .notAuthorised3, .noUsername3, .protocolVersion: Wire.connect(id, .v4)
            case .wrongPassword: Wire.connect(id, .v5, username: "user", password: "wrong")
            case .unknownUser: Wire.connect(id, .v5, username: "nobody", password: "wrong")
            case .unknownMethod: Wire.connect(id, .v5, properties: [21] + Wire.string("NONE"))
            case .prefix: Wire.connect("stranger", .v5, username: id)
            case .keepAlive: Wire.connect(id, .v4, keepAlive: 101)
            case .keepAliveZero: Wire.connect(id, .v4, clean: false, keepAlive: 0)
            case .connackTooLarge:
                Wire.connect(id, .v5, clean: false, properties: [39] + Wire.int32(5))
            case .connackTooLargeClean: Wire.connect(id, .v5, properties: [39] + Wire.int32(5))
            case .tooLong:
                Bytes([0x10]) + Wire.varint(100_001)
                    + Wire.connect(id).dropFirst(2) + Bytes(repeating: 0, count: 100)
            case .reservedFlag: Self.flawed(Wire.connect(id, .v5)) { $0[9] |= 1 }
            case .bytesLeft:
                Self.flawed(Wire.connect(id, .v5)) {
                    $0[1] += 1
                    $0.append(0)
                }
            case .emptyWillTopic: Wire.connect(id, .v5, will: Will("", "x"))
            case .willQoS: Wire.connect(id, .v5, will: Will("w", "x", qos: 1))
            case .willQoS3: Wire.connect(id, .v4, will: Will("w", "x", qos: 1))
            case .retainedWill: Wire.connect(id, .v5, will: Will("w", "x", retain: true))
            case .retainedWill3: Wire.connect(id, .v4, will: Will("w", "x", retain: true))
            case .willTooLarge: Wire.connect(id, .v5, will: Will("w", "12345678901"))
            case .willTooLarge3: Wire.connect(id, .v4, will: Will("w", "12345678901"))
            case .dataWithoutMethod: Wire.connect(id, .v5, properties: [22] + Wire.string("x"))
            case .notFirst: Wire.pingreq + Wire.connect(id, .v5)
            }
        }

        /// What the stranger gets before the connection is closed.
        var answer: Bytes {
            switch self {
            case .notAuthorised, .wrongPassword, .unknownUser, .prefix, .noUsername: connack(0x87)
            case .notAuthorised3, .noUsername3, .willTooLarge3: [0x20, 2, 0, 5]
            case .unknownMethod: connack(0x8C)
            case .keepAlive, .keepAliveZero: [0x20, 2, 0, 2]
            case .protocolVersion: [0x20, 2, 0, 1]
            case .emptyWillTopic, .dataWithoutMethod: connack(0x82)
            case .willQoS: [0x20, 5, 0, 0x9B, 2, 0x24, 0]
            case .retainedWill: connack(0x9A)
            case .willTooLarge: connack(0x95)
            case .bytesLeft: connack(0x81)
            default: []
            }
        }

        private func connack(_ reason: UInt8) -> Bytes { Wire.packet(0x20, [0, reason, 0]) }

        private static func flawed(_ packet: Bytes, _ change: (inout Bytes) -> Void) -> Bytes {
            var packet = packet
            change(&packet)
            return packet
        }
    }

    static let owner = "owner"

    private static func broker(_ kind: Kind, _ workers: Int) throws -> Broker {
        let options = kind.options
        return try Broker(
            "log_type all\n" + options.broker
                + "listener %PORT% 127.0.0.1\nlistener_allow_anonymous true\n"
                + "listener %PORT2% 127.0.0.1\n"
                + (options.listener.contains("anonymous")
                    ? "" : "listener_allow_anonymous true\n")
                + options.listener,
            workers: workers,
            files: ["pw": AnonymousAndPasswords.passwordFile]
        )
    }

    /// The stranger's CONNECT, refused.
    private static func refuse(_ kind: Kind, _ broker: Broker) throws {
        let port = broker.ports[1]
        var filler: RawClient?
        if kind == .noPlace { filler = try RawClient.connected(to: broker, "filler", port: port) }
        let stranger = try RawClient(port: port)
        stranger.send(kind.packet)
        if kind.answer.isEmpty {
            try stranger.expectClosed()
        } else {
            try stranger.expectClosed(after: kind.answer)
        }
        try filler?.disconnect()
    }

    private static func connectOwner(_ broker: Broker, isPresent: Bool) throws -> RawClient {
        let client = try RawClient(broker)
        client.send(
            Wire.connect(
                owner,
                .v5,
                clean: false,
                properties: [17] + Wire.int32(3600),
                will: Will("gone", "w")
            )
        )
        let connack = try client.readPacket()
        #expect(Array(connack.prefix(4).suffix(2)) == [isPresent ? 1 : 0, 0])
        client.speak(.v5)
        return client
    }

    @Test(
        "An absent session, its subscription and its queue stay",
        arguments: Kind.allCases,
        [1, 2]
    )
    func absent(kind: Kind, workers: Int) throws {
        let broker = try Self.broker(kind, workers)
        let first = try Self.connectOwner(broker, isPresent: false)
        try first.subscribe("q/#", 1)
        try first.disconnect()
        let publisher = try RawClient.connected(to: broker, "own-publisher")
        try publisher.publish1("q/1", "m")
        try Self.refuse(kind, broker)
        try publisher.publish1("q/2", "n")
        let again = try Self.connectOwner(broker, isPresent: true)
        try again.take1("q/1", "m", id: 1)
        try again.take1("q/2", "n", id: 2)
        try again.disconnect()
        try broker.stop()
    }

    @Test(
        "A connected client of that identifier stays, and its will is neither published nor lost",
        arguments: Kind.allCases,
        [1, 2]
    )
    func connected(kind: Kind, workers: Int) throws {
        let broker = try Self.broker(kind, workers)
        let watcher = try RawClient.connected(to: broker, "own-watcher")
        try watcher.subscribe("gone")
        let client = try Self.connectOwner(broker, isPresent: false)
        try client.subscribe("q/#", 1)
        try Self.refuse(kind, broker)
        client.send(Wire.pingreq)
        try client.expect(Wire.pingresp)
        try watcher.publish1("q/1", "m")
        try client.take1("q/1", "m", id: 1)
        try watcher.expectSilence()
        client.abort()
        try watcher.expectPublish("gone", "w")
        let again = try Self.connectOwner(broker, isPresent: true)
        try again.disconnect()
        try broker.stop()
    }
}
