// SPDX-License-Identifier: Apache-2.0
// What the options of the client tools set.

import MQTT
import ProgramOptions
import Testing

@testable import ClientTools

@Suite("Options of the client tools")
struct OptionTests {
    @Test("defaults")
    func defaults() throws {
        let pub = try options(.pub, "-t a -m b")
        #expect(pub.version == .v311)
        #expect(pub.connectionPort == 1883)
        #expect(pub.keepAliveSeconds == 60)
        #expect(pub.inFlightMax == 20)
        #expect(pub.isCleanSession)
        #expect(pub.clientIdentifier(processID: 7) == "")
        #expect(pub.security == .plain)
        #expect(pub.properties.connect.isEmpty)
        let rr = try options(.rr, "-t a -m b -e c")
        #expect(rr.version == .v5)
        #expect(rr.properties.publish == [0x08, 0, 1, UInt8(ascii: "c")])
        #expect(try options(.rr, "-t a -m b -e c -V 311").properties.publish.isEmpty)
    }

    @Test("later options override earlier ones; lists grow")
    func order() throws {
        let pub = try options(.pub, "-t a -t b -m x -h one -h two -q 2 -q 1 -p 1 -p 2")
        #expect(pub.topics == [[0x62]])
        #expect(pub.host == "two")
        #expect(pub.qos == 1)
        #expect(pub.connectionPort == 2)
        let sub = try options(.sub, "-t a -t b -T c -T d -U e -U f")
        #expect(sub.topics == [[0x61], [0x62]])
        #expect(sub.filtersOut.count == 2)
        #expect(sub.unsubscribes.count == 2)
    }

    @Test("-D and -x switch to 5.0, a later -V wins")
    func version() throws {
        #expect(try options(.pub, "-t a -m b -x 5").version == .v5)
        #expect(try options(.pub, "-t a -m b -D publish content-type x").version == .v5)
        #expect(try options(.pub, "-t a -m b -x 5 -V mqttv311").version == .v311)
        #expect(try options(.pub, "-t a -m b -V 31 -x 5").version == .v5)
        for (name, version) in [
            ("5", ProtocolVersion.v5), ("mqttv5", .v5), ("311", .v311), ("mqttv311", .v311),
            ("31", .v31), ("mqttv31", .v31),
        ] {
            #expect(try options(.pub, "-t a -m b -V \(name)").version == version)
        }
    }

    @Test("the session's expiry")
    func expiry() throws {
        for (text, seconds) in [
            ("5", 5), ("0x10", 16), ("010", 8), ("4294967294", 4_294_967_294),
        ] as [(String, UInt32)] {
            let pub = try options(.pub, "-t a -m b -x \(text)")
            #expect(pub.sessionExpiry == seconds)
            var bytes: [UInt8] = [0x11]
            bytes.appendFourByteInteger(seconds)
            #expect(pub.properties.connect == bytes)
        }
        for text in ["-1", "4294967295", "∞"] {
            let pub = try options(.pub, "-t a -m b -i x -x \(text)")
            #expect(pub.properties.connect == [0x11, 0xFF, 0xFF, 0xFF, 0xFF])
        }
        #expect(try options(.pub, "-t a -m b -x 0").properties.connect.isEmpty)
        let kept = try options(.sub, "-t a -c -V 5 -i x")
        #expect(kept.properties.connect == [0x11, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(!kept.isCleanSession)
        #expect(try options(.sub, "-t a -c -i x").properties.connect.isEmpty)
        #expect(try options(.sub, "-t a -c -V 5 -x 9 -I x").sessionExpiry == 9)
    }

    @Test("client identifiers")
    func identifiers() throws {
        #expect(try options(.pub, "-t a -m b -i me").clientIdentifier(processID: 1) == "me")
        let prefix = try options(.pub, "-t a -m b -I me-")
        #expect(prefix.clientIdentifier(processID: 123) == "me-123")
        #expect(prefix.clientIdentifier(processID: 2_147_483_647) == "me-214748364")
    }

    private static let urls: [(String, String, UInt16, String, Bool, Bool)] = [
        ("mqtt://h/t", "h", 1883, "t", false, false),
        ("MQTT://h:5/a/b", "h", 5, "a/b", false, false),
        ("mqtts://h/t", "h", 8883, "t", true, false), ("ws://h/t", "h", 1883, "t", false, true),
        ("wss://h/t", "h", 8883, "t", true, true), ("mqtt://h/", "h", 1883, "", false, false),
    ]

    @Test("-L", arguments: urls)
    func url(
        _ url: String,
        _ host: String,
        _ port: UInt16,
        _ topic: String,
        _ isSecure: Bool,
        _ isWebSocket: Bool
    ) throws {
        let pub = try options(.pub, "-L \(url) -m x")
        #expect(pub.host == host)
        #expect(pub.connectionPort == port)
        #expect(pub.topics == [Array(topic.utf8)])
        #expect((pub.security == .system) == isSecure)
        #expect(pub.isWebSocket == isWebSocket)
    }

    @Test("credentials in -L are split at the first characters, and later options win")
    func credentials() throws {
        let pub = try options(.pub, "-L mqtt://u:p:q@h@x:7/t -m x")
        #expect(pub.username == "u")
        #expect(pub.password == Array("p:q".utf8))
        #expect(pub.host == "h@x")
        #expect(pub.connectionPort == 7)
        let later = try options(.pub, "-L mqtt://u:p@h:7/t -m x -u me -h other -p 9")
        #expect(later.username == "me")
        #expect(later.host == "other")
        #expect(later.connectionPort == 9)
    }

    @Test("--proxy")
    func proxy() throws {
        let plain = try options(.pub, "-t a -m b --proxy socks5h://h").proxy
        #expect(plain == ToolProxy(host: "h"))
        let full = try options(.pub, "-t a -m b --proxy socks5h://u%40%3a:p%25%3A@[::1]:99").proxy
        #expect(full == ToolProxy(host: "::1", port: 99, username: "u@:", password: "p%:"))
    }

    private static let security: [(String, ToolOptions.Security, UInt16)] = [
        ("", .plain, 1883), ("--cafile x", .authorities, 8883), ("--capath x", .authorities, 8883),
        ("--psk 1 --psk-identity i", .presharedKey, 8883), ("--tls-use-os-certs", .system, 1883),
        ("-p 8883", .system, 8883), ("--cafile x -p 1", .authorities, 1),
        ("--cafile x --no-tls", .plain, 1883), ("-p 8883 --no-tls", .plain, 8883),
        ("--unix /x", .plain, 0),
    ]

    @Test("what protects the connection, and the port", arguments: security)
    func protection(_ line: String, _ kind: ToolOptions.Security, _ port: UInt16) throws {
        let pub = try options(.pub, "-t a -m b " + line)
        #expect(pub.security == kind)
        #expect(pub.connectionPort == port)
    }

    @Test("--insecure verifies nothing only where its checks are replaced")
    func insecure() throws {
        #expect(!(try options(.pub, "-t a -m b --cafile x --insecure").verifiesNothing))
        #expect(try options(.pub, "-t a -m b --cafile x --insecure --ciphers y").verifiesNothing)
        #expect(
            try options(.pub, "-t a -m b --cafile x --insecure --tls-version tlsv1.3")
                .verifiesNothing
        )
    }

    @Test("properties are encoded in their order, for each packet")
    func properties() throws {
        let line =
            "-t a -m b -D PUBLISH Content-Type x -D publish user-property k v "
            + "-D publish message-expiry-interval 9 -D will will-delay-interval junk "
            + "--will-topic w -D connect receive-maximum 3 -D disconnect reason-string r"
        let all = try options(.pub, line).properties
        #expect(all.publish == [3, 0, 1, 0x78, 0x26, 0, 1, 0x6B, 0, 1, 0x76, 2, 0, 0, 0, 9])
        #expect(all.will == [0x18, 0, 0, 0, 0])
        #expect(all.connect == [0x21, 0, 3])
        #expect(all.disconnect == [0x1F, 0, 1, 0x72])
    }

    @Test("--help names every option, and completions are made of the same table")
    func help() {
        for tool in ClientTool.allCases {
            let names = tool.options.flatMap(\.description.names)
            #expect(names.count > 50)
            #expect(Set(names).count == names.count, "\(tool) has a name twice")
            for name in names { #expect(tool.usage.contains(name), "\(tool) \(name)") }
            #expect(tool.usage.hasSuffix("See \(tool.rawValue)(1).\n"))
            for shell in CompletionShell.allCases {
                let text = shell.completions(of: tool.program)
                #expect(text.contains("will-delay") == false)
                #expect(text.contains("cafile"))
            }
        }
    }
}
