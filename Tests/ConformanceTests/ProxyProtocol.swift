// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol, versions 1 and 2.

import TestSupport
import Testing

@Suite("PROXY protocol")
struct ProxyProtocol {
    static func config(_ version: Int, _ more: String = "") -> String {
        "log_type all\nlistener %PORT% 127.0.0.1\nallow_anonymous true\nenable_proxy_protocol \(version)\n\(more)"
    }

    static let signature = hex("0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A")

    static func header2(_ command: UInt8, _ family: UInt8, _ body: Bytes) -> Bytes {
        signature + [0x20 | command, family] + Wire.int16(body.count) + body
    }

    /// 192.0.2.5:6275 to 198.51.100.7:1883.
    static let ipv4: Bytes = [192, 0, 2, 5, 198, 51, 100, 7] + Wire.int16(6275) + Wire.int16(1883)
    static let ipv6: Bytes =
        hex("20010db8 05060708 09000000 00000001 20010db8 00000000 00000000 00000002")
        + Wire.int16(6275) + Wire.int16(1883)

    static func tlv(_ type: UInt8, _ value: Bytes) -> Bytes {
        [type] + Wire.int16(value.count) + value
    }

    static let headers: [(Int, Bytes, String?)] = [
        (1, utf8("PROXY TCP4 192.0.2.5 198.51.100.7 6275 1883\r\n"), "192.0.2.5:6275"),
        (
            1, utf8("PROXY TCP6 2001:db8:506:708:900::1 2001:db8::2 6275 1883\r\n"),
            "2001:db8:506:708:900::1:6275"
        ),
        (1, utf8("PROXY UNKNOWN\r\n"), nil),
        (1, utf8("PROXY UNKNOWN \r\n"), nil),
        (1, utf8("PROXY UNKNOWN whatever comes here\r\n"), nil),
        (2, header2(1, 0x11, ipv4), "192.0.2.5:6275"),
        (2, header2(1, 0x21, ipv6), "2001:db8:506:708:900::1:6275"),
        (2, header2(1, 0x11, ipv4 + tlv(0x04, Bytes(repeating: 0, count: 100))), "192.0.2.5:6275"),
        (2, header2(1, 0x31, utf8("/path") + Bytes(repeating: 0, count: 211)), "/path:0"),
        (2, header2(1, 0x31, utf8("/path")), "/path:0"),
        // LOCAL: the proxy's own address, whatever follows.
        (2, header2(0, 0x00, []), nil), (2, header2(0, 0x11, ipv4), nil),
    ]

    @Test("The address in the header is the client's", arguments: 0..<headers.count, reactors)
    func accepted(index: Int, workers: Int) throws {
        for isCut in [false, true] { try accept(index, isCut: isCut, workers: workers) }
    }

    func accept(_ index: Int, isCut: Bool, workers: Int) throws {
        let (version, header, address) = Self.headers[index]
        let broker = try Broker.shared(Self.config(version), workers: workers)
        let client = try RawClient(broker)
        let id = unique("proxy-test")
        if isCut {
            for byte in header { client.send([byte]) }
            client.send(Wire.connect(id, .v5, keepAlive: 42, username: "ppp"))
        } else {
            client.send(header + Wire.connect(id, .v5, keepAlive: 42, username: "ppp"))
        }
        try client.expect(Wire.connack(.v5))
        let shown = address ?? "127.0.0.1:\(client.localPort)"
        try broker.waitForLog(
            exactly: "New client connected from \(shown) as \(id) (p5, c1, k42, u'ppp')."
        )
        try client.disconnect()
    }

    static let corrupt: [(Int, Bytes)] = [
        (1, Wire.connect("x", .v4)),
        (1, utf8("PROXY TCP4 192.0.2.5 198.51.100.7 6275\r\n")),
        (1, utf8("PROXY TCP4 192.0.2.5 198.51.100.7 0 1883\r\n")),
        (1, utf8("PROXY TCP4 192.0.2.5 198.51.100.7 65536 1883\r\n")),
        (1, utf8("PROXY TCP4 192.0.2.500 198.51.100.7 6275 1883\r\n")),
        (1, utf8("PROXY TCP4 2001:db8::1 198.51.100.7 6275 1883\r\n")),
        (1, utf8("PROXY TCP5 192.0.2.5 198.51.100.7 6275 1883\r\n")),
        (1, utf8("PROXY TCP4 192.0.2.5 198.51.100.7 6275 1883 1\r\n")),
        (1, utf8("PROXY UNKNOWN " + String(repeating: "x", count: 120) + "\r\n")),
        (2, Wire.connect("x", .v4) + Bytes(repeating: 0, count: 20)),
        (2, header2(1, 0x12, ipv4)),
        (2, header2(1, 0x11, Bytes(ipv4.prefix(11)))),
        (2, header2(1, 0x21, Bytes(ipv6.prefix(35)))),
        (2, header2(2, 0x11, ipv4)),
        (2, signature + [0x31, 0x11] + Wire.int16(12) + ipv4),
        (2, header2(1, 0x11, ipv4 + Bytes(repeating: 0, count: 501))),
    ]

    @Test("Anything else is closed", arguments: 0..<corrupt.count, reactors)
    func refused(index: Int, workers: Int) throws {
        let (version, bytes) = Self.corrupt[index]
        let broker = try Broker.shared(Self.config(version), workers: workers)
        let mark = broker.logMark
        let client = try RawClient(broker)
        client.send(bytes)
        try client.expectClosed()
        if version == 1 {
            try broker.waitForLog(exactly: "Connection rejected, corrupt PROXY header.", from: mark)
        }
    }

    @Test("proxy_protocol_v2_require_tls wants the TLS description", arguments: reactors)
    func requireTLS(workers: Int) throws {
        let broker = try Broker.shared(
            Self.config(2, "proxy_protocol_v2_require_tls true\n"),
            workers: workers
        )
        let plain = try RawClient(broker)
        plain.send(Self.header2(1, 0x11, Self.ipv4) + Wire.connect("x", .v4))
        try plain.expectClosed()
        try broker.waitForLog(
            exactly: "Connection from 192.0.2.5:6275 rejected, client did not connect using TLS."
        )
        let tls = Self.tlv(
            0x20,
            [1, 0, 0, 0, 0] + Self.tlv(0x21, utf8("TLSv1.3")) + Self.tlv(0x23, utf8("CIPHER"))
        )
        let client = try RawClient(broker)
        client.send(Self.header2(1, 0x11, Self.ipv4 + tls) + Wire.connect(unique("c"), .v4))
        try client.expect(Wire.connack(.v4))
        try broker.waitForLog(
            exactly: "Connection from 192.0.2.5:6275 negotiated TLSv1.3 cipher CIPHER"
        )
    }

    @Test("The common name can be the username", arguments: reactors)
    func identity(workers: Int) throws {
        let broker = try Broker.shared(
            Self.config(2, "require_certificate true\nuse_identity_as_username true\n"),
            workers: workers
        )
        func tls(_ flags: UInt8, _ verify: UInt8, _ name: String?) -> Bytes {
            let list =
                Self.tlv(0x21, utf8("TLSv1.3")) + (name.map { Self.tlv(0x22, utf8($0)) } ?? [])
            return Self.header2(
                1,
                0x11,
                Self.ipv4 + Self.tlv(0x20, [flags, 0, 0, 0, verify] + list)
            )
        }
        let id = unique("c")
        let client = try RawClient(broker)
        client.send(tls(5, 0, "common") + Wire.connect(id, .v5))
        try client.expect(Wire.connack(.v5))
        try broker.waitForLog(
            exactly: "New client connected from 192.0.2.5:6275 as \(id) (p5, c1, k60, u'common')."
        )
        let unverified = try RawClient(broker)
        unverified.send(tls(5, 1, "common") + Wire.connect("x", .v5))
        try unverified.expectClosed()
        let without = try RawClient(broker)
        without.send(tls(1, 0, nil) + Wire.connect("x", .v5))
        try without.expectClosed()
        try broker.waitForLog(
            exactly:
                "Connection from 192.0.2.5:6275 rejected, client did not provide a certificate."
        )
        let nameless = try RawClient(broker)
        nameless.send(tls(5, 0, nil) + Wire.connect("x", .v5))
        try nameless.expectClosed(after: hex("20 03 00 86 00"))
    }
}
