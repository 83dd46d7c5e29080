// SPDX-License-Identifier: Apache-2.0
// From the options of a bridge to connections.

import Config
import Log
import Net
import TestSupport
import Testing

@testable import Core

extension BridgePlan {
    /// Where to connect, by the number of the address.
    fileprivate var targets: [OutgoingPlan] { configuration.addresses.indices.map(target) }
}

@Suite("Bridge plans")
struct BridgePlanTests {
    private static let pool = Result { () throws(SystemError) in try HandshakePool(threadCount: 1) }

    /// The plan of a bridge with these lines.
    private func plan(
        _ change: (inout BridgeConfiguration) -> Void
    ) throws -> BridgePlan {
        var bridge = BridgeConfiguration(name: "b")
        bridge.addresses = [BridgeAddress(host: "h", port: 1883)]
        change(&bridge)
        var contexts: [BridgeTLSConfiguration: TLSContext] = [:]
        return try BridgePlan([bridge], 0, &contexts, pool: Self.pool.get()) {
            " (\($0) at test.conf:7)"
        }
    }

    @Test("Each address becomes a target, in the order of the file")
    func targets() throws {
        let certificates = try Certificates.shared.get()
        let plan = try plan {
            $0.addresses = [
                BridgeAddress(host: "h", port: 65_535),
                BridgeAddress(.unix, host: "", port: 0, path: "/s"),
                BridgeAddress(.secureWebSocket, host: "::1", port: 443, path: "/mqtt?a"),
            ]
            $0.tls.cafile = certificates.path("root.crt")
        }
        #expect(
            plan.targets.map(\.target) == [
                .host("h", port: 65_535), .unix(path: "/s"), .host("::1", port: 443),
            ]
        )
        #expect(plan.targets.map { $0.tls != nil } == [true, false, true])
        #expect(plan.targets.map { $0.webSocket?.path } == [nil, nil, "/mqtt?a"])
        #expect(plan.targets.first?.tls === plan.targets.last?.tls)
    }

    @Test("Nothing but an authority or a key switches TLS on, and ws never has it")
    func plain() throws {
        let plan = try plan {
            $0.addresses.append(BridgeAddress(.webSocket, host: "h", port: 80, path: "/mqtt"))
            $0.tls.insecure = true
        }
        #expect(plan.targets.map { $0.tls != nil } == [false, false])
        #expect(plan.targets.map { $0.webSocket?.path } == [nil, "/mqtt"])
    }

    @Test("Options of TCP and times are those of the bridge; a Unix socket has none of TCP's")
    func options() throws {
        let plan = try plan {
            $0.addresses.append(BridgeAddress(.unix, host: "", port: 0, path: "/s"))
            $0.bindAddress = "127.0.0.2"
            $0.tcpKeepalive = BridgeTCPKeepalive(idle: 1, interval: 2, count: 3)
            $0.tcpUserTimeout = 4
            $0.keepaliveInterval = 5
        }
        let first = try #require(plan.targets.first)
        #expect(first.bindAddress == "127.0.0.2")
        #expect(first.keepAlive == OutgoingPlan.KeepAlive(idle: 1, interval: 2, count: 3))
        #expect(first.userTimeout == 4)
        #expect(plan.targets.map(\.stepTimeout) == [5000, 5000])
        #expect(plan.targets.last?.bindAddress == nil)
    }

    @Test("A pre-shared key takes the place of certificates")
    func preSharedKey() throws {
        let plan = try plan {
            $0.tls.identity = "i"
            $0.tls.psk = "abC"
        }
        #expect(plan.targets.first?.tls != nil)
    }

    @Test("A certificate and its key are read")
    func certificate() throws {
        let certificates = try Certificates.shared.get()
        _ = try plan {
            $0.tls.cafile = certificates.path("root.crt")
            $0.tls.certfile = certificates.path("client.crt")
            $0.tls.keyfile = certificates.path("client.key")
            $0.tls.alpn = "mqtt"
            $0.tls.version = "tlsv1.3"
        }
    }

    @Test(
        "What cannot be read is told with the option and its place",
        arguments: [
            ("cafile", "Error: Unable to load CA certificates, check bridge_cafile \"none\""),
            ("capath", "Error: Unable to load CA certificates, check bridge_capath \"none\""),
            (
                "certfile",
                "Error: Unable to load client certificate, check bridge_certfile \"none\""
            ),
            ("keyfile", "Error: Unable to load client key file, check bridge_keyfile \"none\""),
            ("keyfile", "Error: Client certificate/key are inconsistent"),
            ("ciphers", "Error: Unable to set TLS ciphers. Check cipher list \"none\""),
            (
                "ciphers_tls1.3",
                "Error: Unable to set TLS 1.3 ciphersuites. Check cipher_tls13 list \"none\""
            ),
        ]
    )
    func mistakes(option: String, line: String) throws {
        let certificates = try Certificates.shared.get()
        let error = #expect(throws: TransportSetupError.self) {
            try plan {
                $0.tls.cafile = certificates.path("root.crt")
                $0.tls.certfile = certificates.path("client.crt")
                $0.tls.keyfile = certificates.path("client.key")
                switch option {
                case "cafile": $0.tls.cafile = "none"
                case "capath": $0.tls.capath = "none"
                case "certfile": $0.tls.certfile = "none"
                case "ciphers": $0.tls.ciphers = "none"
                case "ciphers_tls1.3": $0.tls.ciphersTls13 = "none"
                default:
                    $0.tls.keyfile =
                        line.contains("none") ? "none" : certificates.path("rsa.key")
                }
            }
        }
        let first = try #require(error?.lines.first)
        #expect(first.hasPrefix(line))
        #expect(first.hasSuffix(" (bridge_\(option) at test.conf:7)."))
        #expect(error?.exitCode == 1)
    }

    @Test("At a start the first mistake ends it; a reload lists all; others keep their plans")
    func all() throws {
        var configuration = Configuration()
        for name in ["a", "b", "c"] {
            var bridge = BridgeConfiguration(name: name)
            bridge.addresses = [BridgeAddress(host: "h", port: 1883)]
            if name != "b" { bridge.tls.cafile = "none-\(name)" }
            configuration.bridges.append(bridge)
        }
        let transports = try ListenerTransports(log: Log(), keyLogFile: nil)
        defer { transports.stop() }
        #expect(throws: TransportSetupError.self) {
            try transports.bridgePlans(for: configuration)
        }
        let error = #expect(throws: ConfigurationError.self) {
            try transports.prepare(configuration)
        }
        #expect(error?.lines.filter { $0.contains("bridge_cafile") }.count == 2)
        #expect(transports.mistakes(in: configuration).count == 2)
        configuration.bridges.removeFirst()
        configuration.bridges.removeLast()
        #expect(try transports.prepare(configuration).bridges.map(\.configuration.name) == ["b"])
    }
}
