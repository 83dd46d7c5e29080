// SPDX-License-Identifier: Apache-2.0
// Servers that misbehave, at each step of a connection.

import Foundation
import MQTTClient
import TestSupport
import Testing

// The pool that tasks run on is busy with other tests: scripts wait for long.
@Suite("Servers that misbehave", .timeLimit(.minutes(30)))
struct LyingServerTests {
    private func configuration(_ server: ScriptedRemote) -> MQTTConfiguration {
        var configuration = MQTTConfiguration(.tcp(host: "127.0.0.1", port: UInt16(server.port)))
        configuration.reconnection = MQTTReconnection(
            minimum: .milliseconds(10),
            maximum: .milliseconds(50)
        )
        return configuration
    }

    /// Runs a script on a thread of its own, as it waits.
    private func script<Value: Sendable>(
        _ server: ScriptedRemote,
        _ body: @escaping @Sendable (ScriptedRemote) throws -> Value
    ) -> Task<Value, any Error> {
        // Nobody but the script uses it until that is over.
        nonisolated(unsafe) let server = server
        return Task {
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(with: Result { try body(server) })
                }
            }
        }
    }

    /// The next client, whose CONNECT has been read.
    private static func accept(_ server: ScriptedRemote) throws -> RawClient {
        let peer = try server.accept(seconds: 600)
        _ = try peer.readPacket(seconds: 600)
        return peer
    }

    @Test(
        "What comes instead of CONNACK ends the attempt, and says how",
        arguments: [
            hex("20 03 01 00 00"), hex("d0 00"), hex("20 02 00"), hex("20 ff ff ff ff"),
            hex("30 05 00 01 74 00 31"), hex("e0 01 8e"),
        ]
    )
    func insteadOfConnack(_ bytes: [UInt8]) async throws {
        let server = try ScriptedRemote()
        let run = script(server) { server in
            let peer = try Self.accept(server)
            peer.sendRaw(bytes)
            peer.shutdownWriting()
        }
        let client = MQTTClient(configuration(server))
        await #expect(throws: MQTTError.self) { try await client.connect() }
        try await run.value
    }

    @Test("A server that answers nothing is given up in time")
    func silence() async throws {
        let server = try ScriptedRemote()
        var configuration = configuration(server)
        configuration.connectTimeoutSeconds = 1
        let client = MQTTClient(configuration)
        await #expect(throws: MQTTError.timedOut("no CONNACK")) { try await client.connect() }
    }

    @Test(
        "A message that was not acknowledged comes again with DUP, the session being there"
    )
    func repeated() async throws {
        let server = try ScriptedRemote()
        let run = script(server) { server in
            let first = try Self.accept(server)
            first.sendRaw(hex("20 03 00 00 00"))
            let one = try first.readPacket(seconds: 600)
            first.abort()
            let second = try Self.accept(server)
            second.sendRaw(hex("20 03 01 00 00"))
            let again = try second.readPacket(seconds: 600)
            second.sendRaw(hex("40 02 00 01"))
            return (one, again)
        }
        let client = MQTTClient(configuration(server))
        try await client.connect()
        try await client.publish("x", to: "t", qos: .atLeastOnce)
        let (one, again) = try await run.value
        #expect(one[0] == 0x32 && again[0] == 0x3A)
        #expect(one.dropFirst() == again.dropFirst())
    }

    @Test("Answers to nothing, and to the wrong thing, do no harm or end the connection")
    func wrongAnswers() async throws {
        for bytes in [
            hex("40 02 00 09"), hex("50 02 00 09"), hex("70 02 00 09"), hex("90 04 00 09 00 00"),
        ] {
            let server = try ScriptedRemote()
            let run = script(server) { server in
                let peer = try Self.accept(server)
                peer.sendRaw(hex("20 03 00 00 00") + bytes)
                _ = peer.nextPacket(seconds: 1)
                peer.abort()
            }
            var once = configuration(server)
            once.reconnection = nil
            let client = MQTTClient(once)
            try await client.connect()
            await #expect(throws: MQTTError.self) {
                try await client.publish("x", to: "t", qos: .exactlyOnce)
            }
            try await run.value
        }
    }

    @Test("A refusal of a message is thrown with the server's words")
    func refusedMessage() async throws {
        let server = try ScriptedRemote()
        let run = script(server) { server in
            let peer = try Self.accept(server)
            peer.sendRaw(hex("20 03 00 00 00"))
            _ = try peer.readPacket(seconds: 600)
            peer.sendRaw(hex("40 08 00 01 87 04 1f 00 01 6e"))
            _ = peer.nextPacket(seconds: 5)
        }
        let client = MQTTClient(configuration(server))
        try await client.connect()
        await #expect(throws: MQTTError.publishRefused(.notAuthorized, reason: "n")) {
            try await client.publish("x", to: "t", qos: .atLeastOnce)
        }
        await client.disconnect()
        try await run.value
    }
}
