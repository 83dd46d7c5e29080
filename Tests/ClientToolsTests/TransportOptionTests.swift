// SPDX-License-Identifier: Apache-2.0
// The client tools over TLS, WebSockets, Unix sockets and with SCRAM.

import Foundation
import TestSupport
import Testing

@Suite("Ways of the client tools to the broker")
struct TransportOptionTests {
    private static let rows: [(String, String?)] = [
        ("-h localhost -p %TLS% --cafile %CA%", nil),
        ("-h localhost -p %TLS% --cafile %CA% --tls-version tlsv1.3", nil),
        ("-h localhost -p %TLS% --cafile %CA% --tls-version tlsv1.2 --ciphers ECDHE+AESGCM", nil),
        ("-h localhost -p %TLS% --cafile %CA% --cert %CERT%.crt --key %CERT%.key", nil),
        ("-h localhost -p %TLS% --cafile %CA% --tls-keylog %DIR%/keys", nil),
        ("-h localhost -p %TLS% --cafile %OTHER%", "Unable to connect (A TLS error occurred).\n"),
        (
            "-h localhost -p %TLS% --cafile %OTHER% --insecure",
            "Unable to connect (A TLS error occurred).\n"
        ),
        ("-h localhost -p %TLS% --cafile %OTHER% --insecure --tls-version tlsv1.2", nil),
        ("-h localhost -p %TLS% --tls-use-os-certs", "Unable to connect (A TLS error occurred).\n"),
        (
            "-h localhost -p %TLS% --cafile %CA% --ciphers none",
            "Unable to connect (A TLS error occurred).\n"
        ),
        (
            "-h localhost -p %TLS% --cafile %CA% --cert /none --key /none",
            "Error: Problem setting TLS options: File not found.\n"
        ),
        ("-h localhost -p %WS% --ws", nil), ("-L ws://localhost:%WS%/way", nil),
        ("--unix %DIR%/socket", nil),
        ("-h localhost -p %PSK% --psk 00ff00ff --psk-identity me", nil),
        (
            "-h localhost -p %PSK% --psk 00ff00fe --psk-identity me",
            "Unable to connect (A TLS error occurred).\n"
        ),
        (
            "-h localhost -p %PSK% --psk xyz --psk-identity me",
            "Error: Problem setting TLS-PSK options.\n"
        ),
        (
            "-h localhost -p %TLS% --cafile %CA% --tls-engine e",
            "Error: Problem setting TLS engine, is e a valid engine?\n"
        ),
    ]

    private func broker(_ certificates: Certificates) throws -> Broker {
        try Broker(
            """
            listener %PORT% 127.0.0.1
            allow_anonymous true
            certfile \(certificates.path("server.crt"))
            keyfile \(certificates.path("server.key"))
            listener %PORT2% 127.0.0.1
            protocol websockets
            listener %PORT3% 127.0.0.1
            psk_hint hint
            psk_file %DIR%/psk
            listener 0 %DIR%/socket

            """,
            workers: 1,
            files: ["psk": "me:00ff00ff\n"]
        )
    }

    @Test("each way brings a message there and back, or says why not")
    func ways() throws {
        let certificates = try Certificates.shared.get()
        let broker = try broker(certificates)
        let places = [
            "%TLS%": "\(broker.ports[0])", "%WS%": "\(broker.ports[1])",
            "%PSK%": "\(broker.ports[2])",
            "%DIR%": broker.directory, "%CA%": certificates.path("root.crt"),
            "%OTHER%": certificates.path("other.crt"), "%CERT%": certificates.path("client"),
        ]
        for (row, errors) in Self.rows {
            let line = places.reduce(row) { $0.replacing($1.key, with: $1.value) }
            let words = line.split(separator: " ").map(String.init)
            let outcome = try ChildProcess.run(
                Broker.built("mosquitto_rr"),
                words + ["-t", "way", "-e", "way", "-m", "here", "-W", "10"],
                environment: ["XDG_CONFIG_HOME": "/nonexistent"]
            )
            #expect(outcome.errors == errors ?? "", "\(row)")
            #expect(outcome.output == (errors == nil ? "here\n" : ""), "\(row)")
            #expect(outcome.status == (errors == nil ? 0 : 1), "\(row)")
        }
        let keys = try String(contentsOfFile: broker.directory + "/keys", encoding: .utf8)
        #expect(keys.contains("CLIENT_TRAFFIC_SECRET_0"))
        try broker.stop()
    }

    @Test("--auth-method: the password is proved, a wrong one refused, and neither is sent")
    func scram() throws {
        let line =
            "user:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
            + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\n"
        let broker = try Broker(
            "plugin \(Broker.plugin("scram"))\nplugin_opt_credential_file %DIR%/credentials\n"
                + "listener %PORT% 127.0.0.1\nallow_anonymous false\n",
            workers: 1,
            files: ["credentials": line]
        )
        for (password, status) in [("pencil", 0), ("pen", 135)] as [(String, Int32)] {
            let outcome = try ChildProcess.run(
                Broker.built("mosquitto_pub"),
                [
                    "-h", "127.0.0.1", "-p", "\(broker.port)", "--auth-method", "scram-sha-256",
                    "-u",
                    "user", "-P", password, "-t", "t", "-m", "m", "-q", "1",
                ],
                environment: ["XDG_CONFIG_HOME": "/nonexistent"]
            )
            #expect(outcome.status == status)
        }
        try broker.stop()
    }
}
