// SPDX-License-Identifier: Apache-2.0
// The options of bridges.

import Config
import Log
import Testing

/// Parses one bridge that has an address and a topic and the given lines.
private func bridge(_ lines: String) -> Outcome {
    Outcome("connection b\naddress h\ntopic t\n\(lines)")
}

@Suite("Bridges")
struct BridgeTests {
    @Test("A bridge has the defaults of the original and names made from the machine's")
    func defaults() throws {
        let bridge = try #require(bridge("").configuration.bridges.first)
        #expect(bridge.name == "b")
        #expect(bridge.remoteClientid == "machine.b")
        #expect(bridge.localClientid == "local.machine.b")
        #expect(bridge.stateTopic == "$SYS/broker/connection/machine.b/state")
        #expect(bridge.restartTimeout == BridgeRestartTimeout(base: 5, cap: 30, stable: 0))
        #expect(bridge.protocolVersion == .mqttv311)
        #expect(bridge.addresses == [BridgeAddress(host: "h", port: 1883)])
        #expect(bridge.topics.map(\.direction) == [.out])
    }

    @Test("Addresses have ports after the last colon and end at a comment sign")
    func addresses() {
        let outcome = Outcome("connection b\naddresses h1 h2:1884 ::1:1885 #x y\ntopic t")
        let addresses = outcome.configuration.bridges.first?.addresses
        #expect(addresses?.map(\.host) == ["h1", "h2", "::1"])
        #expect(addresses?.map(\.port) == [1883, 1884, 1885])
    }

    @Test("An address that cannot be resolved draws a warning")
    func unresolved() {
        let outcome = Outcome("connection b\naddress unknown.host:1\ntopic t")
        #expect(outcome.errors == [])
        #expect(outcome.remarks(.warning).first?.contains("unknown.host") == true)
    }

    @Test(
        "Bridges that lack something are refused without a place",
        arguments: [
            ("connection b", "no remote addresses defined."),
            ("connection b\naddress h", "no topics defined."),
            ("connection b\naddress h\ntopic t\nbridge_psk 12", "missing bridge_identity."),
            ("connection b\naddress h\ntopic t\nbridge_identity i", "missing bridge_psk."),
        ]
    )
    func missing(text: String, what: String) {
        #expect(
            Outcome(text).errors == [
                "Error: Invalid bridge configuration: \(what)", "Error found at test.conf:1.",
            ]
        )
    }

    @Test(
        "Bad values are refused with the text of the original",
        arguments: [
            ("connection b", "Error: Duplicate bridge name 'b'."),
            (
                "addresses x",
                "Error: Invalid bridge configuration, 'address' only allowed once."
            ),
            (
                "bridge_receive_maximum 0",
                "Error: 'bridge_receive_maximum' must be greater than 0."
            ),
            (
                "bridge_receive_maximum 65536",
                "Error: 'bridge_receive_maximum' must be lower than 65535."
            ),
            ("keepalive_interval 65536", "Error: Bridge keepalive value too high."),
            ("start_type manual", "Error: Manual start_type not supported."),
            ("start_type never", "Error: Invalid 'start_type' value (never)."),
            (
                "restart_timeout 10 5",
                "Error: backoff cap is lower than the base in restart_timeout."
            ),
            ("restart_timeout 1 2 -1", "Error: Invalid 'restart_timeout' value (-1)."),
            ("bridge_reload_type soon", "Error: Invalid 'bridge_reload_type' value (soon)."),
            (
                "bridge_protocol_version mqttv6",
                "Error: Invalid 'bridge_protocol_version' value (mqttv6)."
            ),
            ("bridge_tcp_keepalive 1 0 1", "Error: Invalid 'bridge_tcp_keepalive' value (0)."),
            ("bridge_tcp_user_timeout -1", "Error: Invalid 'bridge_tcp_user_timeout' value (-1)."),
            ("bridge_tls_version tlsv1.1", "Error: Protocol tlsv1.1 not supported."),
            (
                "bridge_psk 12\nbridge_cafile x",
                "Error: 'bridge_cafile': Cannot use both certificate and psk encryption"
                    + " in a single bridge."
            ),
            (
                "bridge_certfile x\nbridge_identity y",
                "Error: 'bridge_identity': Cannot use both certificate and identity encryption"
                    + " in a single bridge."
            ),
            ("topic t sideways", "Error: Invalid bridge topic direction 'sideways'."),
            ("topic t in 3", "Error: Invalid bridge QoS level '3'."),
            ("topic t in x", "Error: Invalid bridge QoS level 'x'."),
            ("topic \"quote", "Error: Missing closing quote in topic value (quote)."),
            ("topic \"\" in 0 a/", "Error: Invalid bridge remapping."),
            ("topic t in 0 +/", "Error: Invalid bridge topic local prefix '+/'."),
            ("topic t in 0 a/ #", nil),
            (
                "topic #/x in",
                "Error: Invalid bridge topic local prefix and pattern combination '#/x'."
            ),
        ] as [(String, String?)]
    )
    func badValues(lines: String, error: String?) {
        #expect(bridge(lines).errors.first == error)
    }

    @Test(
        "An address is a host, a Unix socket or a WebSocket",
        arguments: [
            ("h", BridgeAddress(host: "h", port: 1883), "h:1883"),
            ("[::1]", BridgeAddress(host: "::1", port: 1883), "::1:1883"),
            ("[::1]:8883", BridgeAddress(host: "::1", port: 8883), "::1:8883"),
            (
                "unix:/run/m.sock",
                BridgeAddress(.unix, host: "", port: 0, path: "/run/m.sock"), "unix:/run/m.sock"
            ),
            (
                "ws://h", BridgeAddress(.webSocket, host: "h", port: 80, path: "/mqtt"),
                "ws://h:80/mqtt"
            ),
            (
                "ws://h:8080/", BridgeAddress(.webSocket, host: "h", port: 8080, path: "/"),
                "ws://h:8080/"
            ),
            (
                "wss://[::1]/a?b=c:d",
                BridgeAddress(.secureWebSocket, host: "::1", port: 443, path: "/a?b=c:d"),
                "wss://[::1]:443/a?b=c:d"
            ),
        ]
    )
    func address(word: String, address: BridgeAddress, text: String) {
        let outcome = Outcome(
            "connection b\naddress \(word)\ntopic t\n"
                + (word.hasPrefix("wss") ? "bridge_cafile a" : "")
        )
        #expect(outcome.errors == [])
        #expect(outcome.configuration.bridges.first?.addresses == [address])
        #expect(address.description == text)
    }

    @Test(
        "An address that is none of these is refused",
        arguments: [
            "unix:", "unix:m.sock", "unix:/" + String(repeating: "x", count: 107), "mqtt://h:1883",
            "[::1", "[]:1", "[::1]1883", "ws://", "ws:///mqtt", "ws://u:p@h/mqtt", "ws://h/m\u{e9}",
            "://h",
        ]
    )
    func badAddress(word: String) {
        let outcome = Outcome("connection b\naddress \(word)\ntopic t")
        #expect(
            outcome.errors == [
                "Error: Invalid bridge address '\(word)'. It is host[:port], unix:/path,"
                    + " ws://host[:port]/path or wss://host[:port]/path.",
                "Error found at test.conf:2.",
            ]
        )
    }

    @Test("Nobody asks for the address of a Unix socket")
    func unixIsNotResolved() {
        let outcome = Outcome("connection b\naddress unix:/unknown ws://unknown\ntopic t")
        #expect(outcome.remarks(.warning).count == 1)
    }

    @Test(
        "What cannot work is refused with the place of the option",
        arguments: [
            (
                "bridge_require_ocsp true",
                "Error: Invalid bridge configuration: bridge_require_ocsp without TLS: give bridge_cafile,"
                    + " bridge_capath, bridge_tls_use_os_certs or bridge_psk.",
                4
            ),
            (
                "bridge_cafile a\nbridge_certfile c",
                "Error: Invalid bridge configuration: missing bridge_keyfile.", 5
            ),
            (
                "bridge_cafile a\nbridge_keyfile c",
                "Error: Invalid bridge configuration: missing bridge_certfile.", 5
            ),
            (
                "cleansession true\nbridge_alpn mqtt",
                "Error: Invalid bridge configuration: bridge_alpn without TLS: give bridge_cafile,"
                    + " bridge_capath, bridge_tls_use_os_certs or bridge_psk.", 5
            ),
            (
                "bridge_certfile c\nbridge_keyfile c",
                "Error: Invalid bridge configuration: bridge_certfile without TLS: give bridge_cafile,"
                    + " bridge_capath, bridge_tls_use_os_certs or bridge_psk.", 4
            ),
            (
                "bridge_identity i\nbridge_psk xy",
                "Error: 'bridge_psk' must be at most 512 bytes in hexadecimal digits.", 5
            ),
            (
                "bridge_psk 12\nbridge_identity \(String(repeating: "i", count: 129))",
                "Error: bridge_identity value too long.", 5
            ),
            (
                "bridge_psk 12\nbridge_identity i\nbridge_tls_version tlsv1.3",
                "Error: Invalid bridge configuration: bridge_psk needs TLS 1.2, which bridge_tls_version"
                    + " tlsv1.3 excludes.", 6
            ),
            (
                "password p",
                "Error: Invalid bridge configuration: a remote_password without remote_username needs"
                    + " bridge_protocol_version mqttv50.", 4
            ),
            (
                "notification_topic a/+",
                "Error: Invalid bridge configuration: 'a/+' is no topic to publish to.", 4
            ),
            (
                "clientid a+b",
                "Error: Invalid bridge configuration: '$SYS/broker/connection/a+b/state' is no topic to"
                    + " publish to: give a notification_topic.", 4
            ),
        ]
    )
    func cannotWork(lines: String, error: String, line: Int) {
        #expect(bridge(lines).errors == [error, "Error found at test.conf:\(line)."])
    }

    @Test(
        "What only seems to be like those works",
        arguments: [
            "bridge_require_ocsp false", "bridge_insecure true",
            "bridge_cafile a\nbridge_certfile c\nbridge_keyfile k",
            "bridge_psk 123\nbridge_identity i\nbridge_tls_version tlsv1.2\nbridge_alpn mqtt",
            "bridge_protocol_version mqttv50\npassword p", "clientid a+b\nnotifications false",
            "clientid a+b\nnotification_topic b",
        ]
    )
    func canWork(lines: String) {
        #expect(bridge(lines).errors == [])
    }

    @Test(
        "Addresses and TLS must go together",
        arguments: [
            (
                "h ws://h", "bridge_cafile a",
                "'ws://h:80/mqtt' is not encrypted, but the bridge has options of TLS: say wss://."
            ),
            (
                "h wss://h/", "cleansession true",
                "'wss://h:443/' needs an authority to trust: give bridge_cafile, bridge_capath,"
                    + " bridge_tls_use_os_certs or bridge_psk."
            ),
            (
                "unix:/s", "bridge_identity i\nbridge_psk 12",
                "options of TLS, but no address that TLS is spoken to."
            ),
            ("unix:/s h", "bridge_cafile a", nil),
            ("wss://h", "bridge_identity i\nbridge_psk 12", nil),
        ] as [(String, String, String?)]
    )
    func transports(addresses: String, lines: String, what: String?) {
        let outcome = Outcome("connection b\ntopic t\naddresses \(addresses)\n\(lines)")
        #expect(
            outcome.errors
                == (what.map {
                    ["Error: Invalid bridge configuration: \($0)", "Error found at test.conf:3."]
                } ?? [])
        )
    }

    @Test("A port of an address that is out of range is refused", arguments: ["0", "65536", "x"])
    func badPort(port: String) {
        let number = Int(port) ?? 0
        #expect(
            Outcome("connection b\naddress h:\(port)").errors.first
                == "Error: Invalid bridge port value (\(number))."
        )
    }

    @Test("Two bridges cannot share a local client identifier")
    func localClientid() {
        func section(_ name: String) -> String {
            "connection \(name)\naddress h\ntopic t\nlocal_clientid same\n"
        }
        let errors = Outcome(section("a") + section("b")).errors
        #expect(
            errors.first?.hasPrefix("Error: Bridge local_clientid 'same' is not unique.") == true
        )
        #expect(errors.last == "Error found at test.conf:8.")
    }

    @Test("Topics have pattern, direction, QoS and prefixes")
    func topics() {
        let topics =
            bridge(
                """
                topic # BOTH 2 l/ r/
                topic "sp ace/#" in 1 # comment
                topic "" out 0 local remote
                topic x in 0 "" r/
                topic t
                """
            ).configuration.bridges.first?.topics ?? []
        #expect(topics.map(\.pattern) == ["t", "#", "sp ace/#", "", "x"])
        #expect(topics.map(\.direction) == [.out, .both, .in, .out, .in])
        #expect(topics.map(\.qos) == [0, 2, 1, 0, 0])
        #expect(topics.map(\.localPrefix) == ["", "l/", "", "local", ""])
        #expect(topics.map(\.remotePrefix) == ["", "r/", "", "remote", "r/"])
    }

    @Test("A topic that is there already is skipped with a remark")
    func duplicateTopic() {
        #expect(bridge("topic t").remarks(.information) == ["Duplicate bridge topic 't', skipping"])
    }

    @Test(
        "The restart delay is fixed, or between bounds",
        arguments: [
            ("10", 10, 10, 0), ("0", 1, 1, 0), ("5000", 3600, 3600, 0), ("2 9000", 2, 7200, 0),
            ("2 20 7", 2, 20, 7),
        ]
    )
    func restartTimeout(text: String, base: Int, cap: Int, stable: Int) {
        let timeout = bridge("restart_timeout \(text)").configuration.bridges.first?.restartTimeout
        #expect(timeout == BridgeRestartTimeout(base: base, cap: cap, stable: stable))
    }

    @Test("Small intervals are raised")
    func raised() {
        let bridge = bridge("keepalive_interval 1\nidle_timeout 0\nthreshold 0").configuration
            .bridges.first
        #expect(bridge?.keepaliveInterval == 5)
        #expect(bridge?.idleTimeout == 1)
        #expect(bridge?.threshold == 1)
    }

    @Test(
        "What is raised or lowered is told",
        arguments: [
            ("keepalive_interval 1", "keepalive interval too low, using 5 seconds."),
            ("restart_timeout 0", "restart_timeout interval too low, using 1 second."),
            ("restart_timeout 5000", "restart_timeout interval too high, using 3600 seconds."),
        ]
    )
    func told(lines: String, notice: String) {
        #expect(bridge(lines).remarks(.notice) == [notice])
    }

    @Test("A broker's name among bridged ones is short, and of use to bridges of 5.0")
    func loopProtection() {
        let name = String(repeating: "n", count: 100)
        let line = "bridge_loop_protection \(name)"
        let good = bridge("bridge_protocol_version mqttv50\n\(line)")
        #expect(good.configuration.bridgeLoopProtection == name && good.remarks(.warning) == [])
        #expect(
            bridge(line).remarks(.warning).first?.hasPrefix(
                "Warning: bridge_loop_protection does nothing for bridge 'b': it needs"
            ) == true
        )
        #expect(
            bridge(line + "n").errors.first
                == "Error: 'bridge_loop_protection' is a name of at most 100 bytes."
        )
    }
}
