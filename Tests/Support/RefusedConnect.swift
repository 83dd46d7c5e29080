// SPDX-License-Identifier: Apache-2.0
// The kinds of CONNECTs that a broker refuses by itself: what it is told, what comes, what is answered.

/// Why a CONNECT with the incumbent's client identifier is refused.
package enum RefusedConnect: String, CaseIterable, Sendable {
    case notAuthorised, notAuthorised3, wrongPassword, wrongPassword3, unknownUser
    case unknownMethod
    case prefix, noUsername, noUsername3
    case keepAlive, keepAliveZero, connackTooLarge, connackTooLargeClean
    case noPlace, noPlaceAnywhere, noSession, noSession3, outOfMemory
    case protocolVersion, protocolVersion5, unknownVersion, nameAndVersion
    case tooLong, packetTooLarge, packetTooLarge3
    case reservedFlag, headerFlags, bytesLeft, truncated, passwordMissing, passwordAlone3
    case identifierInvalid, identifierInvalid3
    case identifierEmpty, identifierEmpty3, identifierEmptyAllowed3
    case willTopicEmpty, willTopicWildcard, willTopicWildcard3, willTopicControl
    case willQoS, willQoS3, willQoSInvalid, retainedWill, retainedWill3
    case willTooLarge, willTooLarge3, willFlagsAlone
    case dataWithoutMethod, propertyMalformed, propertyTwice, notFirst

    /// Whether it is about a file of passwords, which all listeners have then.
    package var hasPasswordFile: Bool { options.broker.hasPrefix("password_file") }

    /// Options beyond those of two listeners: of the broker, and of the stranger's listener.
    private var options: (broker: String, listener: String) {
        switch self {
        case .notAuthorised, .notAuthorised3: ("", "listener_allow_anonymous false\n")
        case .wrongPassword, .wrongPassword3, .unknownUser: ("password_file %DIR%/pw\n", "")
        case .prefix: ("clientid_prefixes own\n", "use_username_as_clientid true\n")
        case .noUsername, .noUsername3: ("", "use_username_as_clientid true\n")
        case .keepAlive, .keepAliveZero: ("max_keepalive 100\n", "")
        case .noPlace: ("", "max_connections 1\n")
        case .noPlaceAnywhere: ("global_max_connections 6\n", "")
        case .noSession, .noSession3: ("global_max_clients 6\n", "")
        case .outOfMemory: ("memory_limit 20000000\n", "")
        case .protocolVersion: ("", "accept_protocol_versions 5\n")
        case .protocolVersion5: ("", "accept_protocol_versions 3,4\n")
        case .packetTooLarge, .packetTooLarge3: ("max_packet_size 200\n", "")
        case .identifierEmpty, .identifierEmpty3:
            ("", "listener_allow_anonymous true\nallow_zero_length_clientid false\n")
        case .willQoS, .willQoS3: ("", "max_qos 0\n")
        case .retainedWill, .retainedWill3: ("retain_available false\n", "")
        case .willTooLarge, .willTooLarge3: ("message_size_limit 20\n", "")
        default: ("", "")
        }
    }

    /// Two listeners: the first lets everybody in, the second refuses this.
    ///
    /// - Parameter first: further options of the first
    private func configuration(first: String) -> String {
        let options = options
        return "log_type all\n" + options.broker
            + "listener %PORT% 127.0.0.1\nlistener_allow_anonymous true\n" + first
            + "listener %PORT2% 127.0.0.1\n"
            + (options.listener.contains("anonymous") ? "" : "listener_allow_anonymous true\n")
            + options.listener
    }

    /// Starts a broker that refuses this at its second listener and lets everybody in at its first.
    ///
    /// - Parameters:
    ///   - head: Global options.
    ///   - first: Further options of the first listener.
    package func startBroker(
        workers: Int,
        head: String = "",
        first: String = ""
    ) throws -> Broker {
        try Broker(
            head + configuration(first: first),
            workers: workers,
            files: ["pw": "user:\(PasswordVectors.all[2])\n"]
        )
    }

    /// Sends the CONNECT to the second listener and takes the refusal.
    package func refuse(by broker: Broker) throws {
        let port = broker.ports[1]
        let crowd = try Crowd(for: self, broker)
        let stranger = try RawClient(port: port)
        stranger.send(packet)
        if answer.isEmpty {
            try stranger.expectClosed()
        } else {
            try stranger.expectClosed(after: answer)
        }
        try crowd.leave()
    }

    /// What the stranger sends.
    private var packet: Bytes {
        let id = Incumbent.identifier
        return switch self {
        case .notAuthorised, .noPlace, .noPlaceAnywhere, .noUsername, .outOfMemory,
            .protocolVersion5:
            Wire.connect(id, .v5)
        case .notAuthorised3, .noUsername3, .protocolVersion: Wire.connect(id, .v4)
        case .wrongPassword: Wire.connect(id, .v5, username: "user", password: "wrong")
        case .wrongPassword3: Wire.connect(id, .v4, username: "user", password: "wrong")
        case .unknownUser: Wire.connect(id, .v5, username: "nobody", password: "wrong")
        case .unknownMethod:
            Wire.connect(id, .v5, properties: Property.authenticationMethod("NONE"))
        case .prefix: Wire.connect("stranger", .v5, username: id)
        case .keepAlive: Wire.connect(id, .v4, keepAlive: 101)
        case .keepAliveZero: Wire.connect(id, .v4, clean: false, keepAlive: 0)
        case .connackTooLarge:
            Wire.connect(id, .v5, clean: false, properties: Property.maximumPacketSize(5))
        case .connackTooLargeClean:
            Wire.connect(id, .v5, properties: Property.maximumPacketSize(5))
        // Whoever has a session takes no further place.
        case .noSession: Wire.connect("own-stranger", .v5)
        case .noSession3: Wire.connect("own-stranger", .v4)
        case .packetTooLarge: Wire.connect(id, .v5, username: Self.longName)
        case .packetTooLarge3: Wire.connect(id, .v4, username: Self.longName)
        case .identifierInvalid: Wire.connect(id + "\u{1}", .v5)
        case .identifierInvalid3: Wire.connect(id + "\u{1}", .v4)
        case .identifierEmpty: Wire.connect("", .v5)
        case .identifierEmpty3: Wire.connect("", .v4)
        case .identifierEmptyAllowed3: Wire.connect("", .v4, clean: false)
        case .dataWithoutMethod:
            Wire.connect(id, .v5, properties: Property.authenticationData(utf8("x")))
        case .propertyTwice:
            Wire.connect(id, .v5, properties: Property.sessionExpiry(1) + Property.sessionExpiry(2))
        case .notFirst: Wire.pingreq + Wire.connect(id, .v5)
        default: will.map { Wire.connect(id, is3 ? .v4 : .v5, will: $0) } ?? flawedPacket
        }
    }

    private static let longName = String(repeating: "u", count: 300)

    /// Whether the stranger speaks 3.1.1.
    private var is3: Bool { rawValue.hasSuffix("3") }

    /// The will that CONNECT is refused for; nil for other reasons.
    private var will: Will? {
        switch self {
        case .willTopicEmpty: Will("", "x")
        case .willTopicWildcard, .willTopicWildcard3: Will("w/#", "x")
        case .willTopicControl: Will("$CONTROL/x", "x")
        case .willQoS, .willQoS3: Will("w", "x", qos: 1)
        case .willQoSInvalid: Will("w", "x", qos: 3)
        case .retainedWill, .retainedWill3: Will("w", "x", retain: true)
        case .willTooLarge, .willTooLarge3: Will("w", String(repeating: "x", count: 21))
        default: nil
        }
    }

    /// A CONNECT whose bytes are wrong.
    private var flawedPacket: Bytes {
        let id = Incumbent.identifier
        var packet = Wire.connect(id, .v5)
        switch self {
        case .tooLong:
            return [0x10] + Wire.varint(100_001) + packet.dropFirst(2)
                + Bytes(repeating: 0, count: 100)
        case .unknownVersion: packet[8] = 6
        case .nameAndVersion: packet = Wire.connect(id, .v4).with(3, at: 8)
        case .reservedFlag: packet[9] |= 1
        case .headerFlags: packet[0] |= 2
        case .willFlagsAlone: packet[9] |= 0x20
        case .passwordMissing: packet[9] |= 0x40
        case .passwordAlone3: packet = Wire.connect(id, .v4, password: "x")
        case .propertyMalformed:
            // A property of four bytes with two.
            packet = Wire.packet(
                0x10,
                packet[2..<12] + [3, 0x11, 0, 0] + Wire.string(id)
            )
        case .truncated: packet = [0x10, 12] + packet[2..<14]
        default: packet = [0x10, packet[1] + 1] + packet.dropFirst(2) + [0]
        }
        return packet
    }

    /// What the stranger gets before the connection is closed.
    private var answer: Bytes {
        switch self {
        case .notAuthorised, .wrongPassword, .unknownUser, .prefix, .noUsername: connack(0x87)
        case .notAuthorised3, .wrongPassword3, .noUsername3, .willTooLarge3: [0x20, 2, 0, 5]
        case .unknownMethod: connack(0x8C)
        case .keepAlive, .keepAliveZero, .identifierEmpty3, .identifierEmptyAllowed3:
            [0x20, 2, 0, 2]
        case .protocolVersion, .nameAndVersion: [0x20, 2, 0, 1]
        case .protocolVersion5, .unknownVersion: connack(0x84)
        case .noSession: connack(0x89)
        case .identifierEmpty: connack(0x80)
        case .identifierInvalid, .truncated: connack(0x85)
        case .willTopicEmpty, .dataWithoutMethod, .propertyTwice: connack(0x82)
        case .willQoS: [0x20, 5, 0, 0x9B, 2, 0x24, 0]
        case .retainedWill: connack(0x9A)
        case .willTooLarge: connack(0x95)
        case .bytesLeft, .propertyMalformed: connack(0x81)
        default: []
        }
    }

    private func connack(_ reason: UInt8) -> Bytes { Wire.packet(0x20, [0, reason, 0]) }
}

extension Bytes {
    fileprivate func with(_ byte: UInt8, at index: Int) -> Bytes {
        var bytes = self
        bytes[index] = byte
        return bytes
    }
}
