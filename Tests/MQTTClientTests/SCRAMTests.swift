// SPDX-License-Identifier: Apache-2.0
// The client's side of SCRAM: published exchanges, servers that cheat, and our plugin.

import TestSupport
import Testing

@testable import MQTTClient

@Suite("SCRAM, the client's side")
struct SCRAMTests {
    private static let nonce = "rOprNGfwEbeRWgbNEkqO"
    private static let serverNonce = nonce + "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    private static let challenge = "r=\(serverNonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"

    private func exchange(_ hash: MQTTSCRAM.Hash = .sha256) -> SCRAMExchange {
        MQTTSCRAM(hash, userName: "user", password: "pencil").begin(nonce: Self.nonce)
    }

    @Test(
        "RFC 7677 section 3: the whole exchange",
        arguments: [
            (
                MQTTSCRAM.Hash.sha256, "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
            ),
            (
                .sha512,
                "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
                "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw=="
            ),
        ]
    )
    func exchange(_ hash: MQTTSCRAM.Hash, _ proof: String, _ verifier: String) throws {
        let exchange = exchange(hash)
        #expect(try exchange.initialData() == utf8("n,,n=user,r=\(Self.nonce)"))
        let last = try exchange.respond(to: utf8(Self.challenge))
        #expect(last == utf8("c=biws,r=\(Self.serverNonce),p=\(proof)"))
        try exchange.finish(utf8("v=\(verifier)"))
        #expect(throws: MQTTError.self) { try exchange.finish(utf8("v=AAAA")) }
    }

    @Test(
        "A challenge that is malformed, for somebody else or too cheap is refused",
        arguments: [
            "", "x", "r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=\(nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "r=\(serverNonce),s=!,i=4096",
            "r=\(serverNonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095",
            "r=\(serverNonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1000001",
            "r=\(serverNonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=x",
        ]
    )
    func refused(_ challenge: String) throws {
        let exchange = exchange()
        #expect(throws: MQTTError.self) { try exchange.respond(to: utf8(challenge)) }
        #expect(throws: MQTTError.self) { try exchange.finish(nil) }
    }

    @Test("Names keep their commas and equals signs")
    func names() throws {
        let exchange = MQTTSCRAM(userName: "a=b,c", password: "").begin(nonce: "n")
        #expect(try exchange.initialData() == utf8("n,,n=a=3Db=2Cc,r=n"))
    }

    @Test("Our plugin and the client agree, and again on the open connection")
    func plugin() async throws {
        let line =
            "user:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
            + "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=\n"
        let broker = try Broker(
            "plugin \(Broker.plugin("scram"))\nplugin_opt_credential_file %DIR%/credentials\n"
                + "listener %PORT% 127.0.0.1\nallow_anonymous false\n",
            workers: 1,
            files: ["credentials": line]
        )
        var configuration = MQTTConfiguration(.tcp(host: "127.0.0.1", port: UInt16(broker.port)))
        configuration.authentication = MQTTSCRAM(userName: "user", password: "pencil")
        let client = MQTTClient(configuration)
        try await client.connect()
        try await client.reauthenticate()
        try await client.publish("1", to: "t", qos: .atLeastOnce)
        await client.disconnect()
        configuration.authentication = MQTTSCRAM(userName: "user", password: "pen")
        let other = MQTTClient(configuration)
        await #expect(throws: MQTTError.self) { try await other.connect() }
        try broker.stop()
    }
}
