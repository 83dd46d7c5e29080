// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol in front of connections.

import TestSupport
import Testing

@Suite("PROXY protocol")
struct ProxyTests {
    private static func broker(_ version: Int, _ more: String = "") throws -> Broker {
        let listener = "listener %PORT% 127.0.0.1\nenable_proxy_protocol \(version)\n"
        return try Broker.shared(open + listener + more, workers: 1)
    }

    private static func connect(_ broker: Broker, _ head: Bytes, _ name: String) throws -> RawClient
    {
        let client = try RawClient(broker)
        client.send(head + Wire.connect(name))
        return client
    }

    // MARK: Version 1

    @Test(
        "Version 1 tells the client's address",
        arguments: [
            ("TCP4 192.0.2.5 10.0.0.1 6275 1883", "192.0.2.5:6275"),
            (
                "TCP6 2001:db8:506:708:900::1 2001:db8::2 6275 1883",
                "2001:db8:506:708:900::1:6275"
            ),
            ("UNKNOWN ", "127.0.0.1:"), ("UNKNOWN anything at all", "127.0.0.1:"),
        ]
    )
    func text(line: String, address: String) throws {
        let broker = try Self.broker(1)
        let name = unique("v1")
        let client = try Self.connect(broker, utf8("PROXY \(line)\r\n"), name)
        try client.expect(Wire.connack(.v4))
        try client.expectEcho()
        try broker.waitForLog(containing: "New client connected from \(address)")
    }

    @Test(
        "A corrupt version 1 header is closed with a line",
        arguments: [
            "PROXY UNKNOWNS\r\n", "PROXY TCP4 192.0.2.5 10.0.0.1 6275\r\n",
            "PROXY TCP4 192.0.2.5 10.0.0.1 6275 1883 1\r\n",
            "PROXY TCP4 192.0.2.256 10.0.0.1 6275 1883\r\n",
            "PROXY TCP4 192.0.2.5 10.0.0 6275 1883\r\n", "PROXY TCP4 ::1 ::1 6275 1883\r\n",
            "PROXY TCP6 192.0.2.5 10.0.0.1 6275 1883\r\n",
            "PROXY TCP4 192.0.2.5 10.0.0.1 0 1883\r\n",
            "PROXY TCP4 192.0.2.5 10.0.0.1 6275 65536\r\n",
            "PROXY TCP4 192.0.2.5 10.0.0.1 62x5 1883\r\n",
            "PROXY TCP4 192.0.2.5 10.0.0.1 6275 1883\n", "PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n",
            "PROXX TCP4 192.0.2.5 10.0.0.1 6275 1883\r\n", "GET / HTTP/1.1\r\n",
            "PROXY UNKNOWN " + String(repeating: "x", count: 92) + "\r\n",
            "PROXY TCP4 192.0.2.5 10.0.0.1 06275 1883\r\n",
            "PROXY TCP4 192.0.2.5 10.0.0.1 6275 01883\r\n",
            "PROXY TCP4 192.00.2.5 10.0.0.1 6275 1883\r\n", "PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n",
            String(repeating: "P", count: 200),
        ]
    )
    func corruptText(head: String) throws {
        let broker = try Self.broker(1)
        let mark = broker.logMark
        let client = try RawClient(broker)
        client.send(utf8(head))
        try client.expectClosed()
        try broker.waitForLog(exactly: "Connection rejected, corrupt PROXY header.", from: mark)
    }

    @Test("A header of the longest kind is accepted")
    func longestText() throws {
        let client = try Self.connect(
            Self.broker(1),
            utf8("PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n"),
            unique("long")
        )
        try client.expect(Wire.connack(.v4))
    }

    // MARK: Version 2

    @Test(
        "Version 2 tells the client's address",
        arguments: [
            (ProxyV2(), "192.0.2.5:6275"),
            (
                ProxyV2(
                    family: 0x21,
                    address: hex("20010DB8 05060708 09000000 00000001")
                        + Bytes(repeating: 0, count: 16)
                        + hex("1883 075B")
                ), "2001:db8:506:708:900::1:6275"
            ),
            (
                ProxyV2(
                    family: 0x31,
                    address: utf8("/path") + Bytes(repeating: 0, count: 211)
                ), "/path:0"
            ),
            (ProxyV2(entries: ProxyV2.entry(0x04, [1, 2, 3])), "192.0.2.5:6275"),
        ]
    )
    func binary(header: ProxyV2, address: String) throws {
        let broker = try Self.broker(2)
        let name = unique("v2")
        let client = try Self.connect(broker, header.encoded, name)
        try client.expect(Wire.connack(.v4))
        let line = try broker.waitForLog(containing: " as \(name) (")
        #expect(line.hasPrefix("New client connected from \(address) as "))
    }

    @Test(
        "A header that is not accepted is closed",
        arguments: [
            hex("0D0A0D0A 000D0A51 5549540B") + Bytes(repeating: 0, count: 4), utf8("PROXY TCP4 "),
            ProxyV2(command: 0x11).encoded, ProxyV2(command: 0x22).encoded,
            ProxyV2(family: 0x12).encoded, ProxyV2(family: 0x22).encoded,
            ProxyV2(family: 0x32).encoded, ProxyV2(family: 0x00).encoded,
            ProxyV2(address: hex("C0000205 0A000001 1883")).encoded,
            ProxyV2(family: 0x21).encoded, ProxyV2(family: 0x31, address: []).encoded,
            ProxyV2(entries: ProxyV2.entry(4, Bytes(repeating: 0, count: 500))).encoded,
        ]
    )
    func invalid(header: Bytes) throws {
        let broker = try Self.broker(2)
        let mark = broker.logMark
        let client = try RawClient(broker)
        client.send(header)
        try client.expectClosed()
        try broker.waitForLog(
            exactly: "Bad socket read/write on client <unknown>: Invalid input",
            from: mark
        )
    }

    @Test(
        "Broken lengths inside a header are corrupt",
        arguments: [
            hex("20"), hex("20 0009 05"), ProxyV2.entry(0x20, [5, 0]),
            ProxyV2.entry(0x20, [5, 0, 0, 0, 0, 0x21, 0, 9]),
        ]
    )
    func corruptEntries(entries: Bytes) throws {
        let broker = try Self.broker(2)
        let mark = broker.logMark
        let client = try RawClient(broker)
        client.send(ProxyV2(entries: entries).encoded)
        try client.expectClosed()
        try broker.waitForLog(exactly: "Connection rejected, corrupt PROXY header.", from: mark)
    }

    /// What a proxy may send in front of a health check of its own.
    static let localHeaders: [Bytes] = [
        ProxyV2(command: 0x20, family: 0, address: []).encoded,
        ProxyV2(command: 0x20).encoded,
        ProxyV2(command: 0x20, family: 0x21).encoded,
        ProxyV2(command: 0x20, family: 0x12).encoded,
        ProxyV2(command: 0x20, family: 0xFF).encoded,
        ProxyV2(command: 0x20, family: 0, address: [], entries: hex("20")).encoded,
        ProxyV2(command: 0x20, entries: ProxyV2.tls(name: "forged")).encoded,
    ]

    @Test(
        "[PROXY-2.2] LOCAL is a client at the proxy's own address; what follows is void",
        arguments: localHeaders
    )
    func local(header: Bytes) throws {
        let broker = try Self.broker(2)
        let name = unique("local")
        let client = try Self.connect(broker, header, name)
        try client.expect(Wire.connack(.v4))
        let line = try broker.waitForLog(containing: " as \(name) (")
        #expect(line.hasPrefix("New client connected from 127.0.0.1:"))
        try client.disconnect()
        // Who only looks whether somebody is there is not answered.
        let check = try RawClient(broker)
        check.send(header)
        #expect(check.nextPacket(seconds: 0.1) == nil)
    }

    @Test(
        "LOCAL has neither TLS nor a certificate",
        arguments: [
            ("proxy_protocol_v2_require_tls true\n", "client did not connect using TLS."),
            ("require_certificate true\n", "client did not provide a certificate."),
        ]
    )
    func localWithoutTLS(options: String, line: String) throws {
        let broker = try Self.broker(2, options)
        for header in Self.localHeaders {
            let mark = broker.logMark
            let client = try Self.connect(broker, header, unique("local"))
            try client.expectClosed()
            let found = try broker.waitForLog(containing: line, from: mark)
            #expect(found.hasPrefix("Connection from 127.0.0.1:"))
        }
    }

    @Test("[PROXY-2.2.3] A checksum is compared, whatever stands around it")
    func checksum() throws {
        let broker = try Self.broker(2)
        for (before, after) in [
            (Bytes(), Bytes()), (ProxyV2.tls(), Bytes()),
            (ProxyV2.entry(4, [0, 0]), ProxyV2.tls()),
        ] {
            let header = ProxyV2(entries: before + ProxyV2.entry(3, [0, 0, 0, 0]) + after)
            var good = header.encoded
            let place = 16 + header.address.count + before.count + 3
            let sum = Self.crc32c(good)
            good.replaceSubrange(place..<(place + 4), with: Wire.int32(sum))
            try Self.connect(broker, good, unique("sum")).expect(Wire.connack(.v4))
            for change in [sum ^ 1, sum.byteSwapped, ~sum] where change != sum {
                let mark = broker.logMark
                var bad = good
                bad.replaceSubrange(place..<(place + 4), with: Wire.int32(change))
                try Self.connect(broker, bad, unique("sum")).expectClosed()
                try broker.waitForLog(
                    exactly: "Connection rejected, corrupt PROXY header.",
                    from: mark
                )
            }
        }
        let short = ProxyV2(entries: ProxyV2.entry(3, [0, 0, 0])).encoded
        try Self.connect(broker, short, unique("sum")).expectClosed()
    }

    /// The definition: each bit divides by the polynomial.
    private static func crc32c(_ bytes: Bytes) -> UInt32 {
        var state = UInt32.max
        for byte in bytes {
            for bit in 0..<8 {
                let isSet = (UInt32(byte) >> bit ^ state) & 1 == 1
                state = state >> 1 ^ (isSet ? 0x82F6_3B78 : 0)
            }
        }
        return ~state
    }

    @Test("A header may arrive byte by byte", arguments: [1, 2])
    func pieces(version: Int) throws {
        let head =
            version == 1
            ? utf8("PROXY TCP4 192.0.2.5 10.0.0.1 6275 1883\r\n")
            : ProxyV2(entries: ProxyV2.tls()).encoded
        let client = try RawClient(Self.broker(version))
        for byte in head + Wire.connect(unique("pieces")) { client.send([byte]) }
        try client.expect(Wire.connack(.v4))
    }

    // MARK: TLS entries

    @Test("The log says what was negotiated between client and proxy")
    func negotiated() throws {
        let broker = try Self.broker(2)
        let header = ProxyV2(entries: ProxyV2.tls(cipher: "TLS_AES_256_GCM_SHA384"))
        let client = try Self.connect(broker, header.encoded, unique("ssl"))
        try client.expect(Wire.connack(.v4))
        try broker.waitForLog(
            exactly:
                "Connection from 192.0.2.5:6275 negotiated TLSv1.3 cipher TLS_AES_256_GCM_SHA384"
        )
    }

    /// A listener's options, a header, and the line with which it is refused; nil where not.
    static let rules: [(options: String, entries: Bytes, line: String?)] = [
        ("proxy_protocol_v2_require_tls true\n", [], "client did not connect using TLS."),
        (
            "proxy_protocol_v2_require_tls true\n", ProxyV2.tls(flags: 0),
            "client did not connect using TLS."
        ),
        (
            "proxy_protocol_v2_require_tls true\n", ProxyV2.tls(flags: 6),
            "client did not connect using TLS."
        ),
        ("proxy_protocol_v2_require_tls true\n", ProxyV2.tls(flags: 1), nil),
        ("require_certificate true\n", [], "client did not provide a certificate."),
        (
            "require_certificate true\n", ProxyV2.tls(flags: 1),
            "client did not provide a certificate."
        ),
        (
            "require_certificate true\n", ProxyV2.tls(flags: 4),
            "client did not provide a certificate."
        ),
        (
            "require_certificate true\n", ProxyV2.tls(flags: 5, verify: 1),
            "client did not provide a certificate."
        ),
        ("require_certificate true\n", ProxyV2.tls(flags: 5), nil),
    ]

    @Test("What a listener requires of the client's TLS", arguments: rules)
    func required(options: String, entries: Bytes, line: String?) throws {
        let broker = try Self.broker(2, options)
        let mark = broker.logMark
        let header = ProxyV2(entries: entries).encoded
        let client = try Self.connect(broker, header, unique("required"))
        if let line {
            try client.expectClosed()
            let whole = "Connection from 192.0.2.5:6275 rejected, \(line)"
            try broker.waitForLog(exactly: whole, from: mark)
        } else {
            try client.expect(Wire.connack(.v4))
        }
    }

    @Test(
        "use_identity_as_username takes the common name the proxy tells",
        arguments: ["", "require_certificate true\n"]
    )
    func identity(more: String) throws {
        let broker = try Self.broker(2, "use_identity_as_username true\n" + more)
        let name = unique("identity")
        let header = ProxyV2(entries: ProxyV2.tls(name: "ppppppp")).encoded
        let client = try Self.connect(broker, header, name)
        try client.expect(Wire.connack(.v4))
        let line = try broker.waitForLog(containing: " as \(name) (")
        #expect(line.hasSuffix("u'ppppppp')."))
    }

    @Test("Without a common name the client is refused", arguments: [Version.v4, .v5])
    func nameless(version: Version) throws {
        let broker = try Self.broker(2, "use_identity_as_username true\n")
        let name = unique("nameless")
        let client = try RawClient(broker)
        client.send(
            ProxyV2(entries: ProxyV2.tls()).encoded
                + Wire.connect(name, version, username: "joe", password: "x")
        )
        let answer = try client.readPacket()
        #expect(answer[3] == (version == .v5 ? 0x86 : 4))
        try client.expectClosed()
        try broker.waitForLog(
            exactly: "Client \(name) [192.0.2.5:6275] disconnected: not authorised."
        )
    }

    @Test("The header comes before TLS and WebSocket")
    func layers() throws {
        let broker = try Broker.shared(
            open
                + tlsListener("%PORT%", "protocol websockets", "enable_proxy_protocol 1"),
            workers: 4
        )
        let client = try RawClient(broker)
        client.send(utf8("PROXY TCP4 192.0.2.5 10.0.0.1 6275 1883\r\n"))
        try client.startTLS(certificates().client)
        try client.openWebSocket()
        let name = unique("layers")
        client.send(Wire.connect(name))
        try client.expect(Wire.connack(.v4))
        try client.expectEcho()
        try broker.waitForLog(containing: "New client connected from 192.0.2.5:6275 as \(name)")
    }

    @Test("The connection line is left out")
    func noConnectionLine() throws {
        let broker = try Self.broker(1)
        let client = try Self.connect(broker, utf8("PROXY UNKNOWN \r\n"), unique("quiet"))
        try client.expect(Wire.connack(.v4))
        #expect(!broker.process.errors.text.contains("New connection from"))
    }
}
