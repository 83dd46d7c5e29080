// SPDX-License-Identifier: Apache-2.0
// Our plugins inside the original broker and ours, spoken to in bytes.

import Encoding
import PluginSDK
import TestSupport
import Testing

@testable import Scram

@Suite("In the original broker and in ours", .serialized)
struct BothBrokersTests {
    private static let files = """
        allow_anonymous false
        plugin \(BrokerProcess.plugin("mosquitto_password_file"))
        plugin_opt_password_file DIR/passwords
        plugin \(BrokerProcess.plugin("mosquitto_acl_file"))
        plugin_opt_acl_file DIR/rules
        """

    private static let passwords = """
        # users
        six:\(PasswordVectors.all[0])
        seven:\(PasswordVectors.all[2])

        """

    @Test(
        "Passwords and access rules decide, and a broken file leaves the old ones in force",
        arguments: BrokerKind.installed
    )
    func files(kind: BrokerKind) throws {
        let rules =
            "user six\ntopic write a/b\nuser seven\ntopic #\ntopic deny c/secret\npattern read own/%u/%c\n"
        let broker = try BrokerProcess(
            kind,
            files: ["passwords": Self.passwords, "rules": rules],
            configuration: Self.files
        )
        try #require(broker.waitForStart())
        for (name, password, code) in [
            ("six", "wrong", 0x87), ("nobody", "secret", 0x87), ("six", "", 0x87),
            ("six", "secret", 0),
        ] {
            let client = try RawClient(port: broker.port)
            #expect(try client.connect(id: "x", username: name, password: password) == UInt8(code))
        }
        #expect(try RawClient(port: broker.port).connect(id: "x") == 0x87)
        let six = try RawClient(port: broker.port)
        let seven = try RawClient(port: broker.port)
        #expect(try six.connect(id: "s6", username: "six", password: "secret") == 0)
        #expect(try seven.connect(id: "s7", username: "seven", password: "secret") == 0)
        #expect(try six.subscribe("#") == 0)
        #expect(try six.publish("a/b", "x") == 0)
        #expect(try six.publish("a/c", "x") == 0x87)
        #expect(try seven.publish("c/secret", "x") == 0x87)
        #expect(try seven.publish("own/six/other", "x") == 0)
        #expect(try seven.publish("own/six/s6", "for you") == 0)
        // Had six been sent anything else, that would come first.
        #expect(try six.message() == "own/six/s6 for you")

        try broker.write("rules", "topic readwrite a#\n")
        try broker.write("passwords", Self.passwords + "bad:plain\n")
        broker.reload()
        try #require(
            broker.waitForLog("password-file: Error: Unable to decode line in password file")
        )
        try #require(broker.waitForLog("Error: Invalid ACL topic \"a#\" in acl_file"))
        // Whoever is connected stays, and whoever comes is checked as before.
        #expect(try six.publish("a/b", "x") < 0x80)
        #expect(try six.publish("a/c", "x") == 0x87)
        #expect(try Self.publish("a/b", as: "six", to: broker) < 0x80)

        try broker.write("rules", "user six\ntopic a/c\n")
        try broker.write("passwords", Self.passwords)
        broker.reload()
        #expect(Self.retry { try Self.publish("a/c", as: "six", to: broker) < 0x80 })
        #expect(Self.retry { try Self.publish("a/b", as: "six", to: broker) == 0x87 })
    }

    /// Publishes over a new connection and returns the reason code.
    private static func publish(
        _ topic: String,
        as user: String,
        to broker: BrokerProcess
    ) throws -> UInt8 {
        let client = try RawClient(port: broker.port)
        guard try client.connect(id: "later", username: user, password: "secret") == 0 else {
            throw RawClientError.closed
        }
        return try client.publish(topic, "x")
    }

    /// Tries until the broker has taken notice of a signal; a reload may disconnect a client.
    private static func retry(_ body: () throws -> Bool) -> Bool {
        for _ in 0..<300 where (try? body()) == true { return true }
        return false
    }

    @Test(
        "A broken file stops the start",
        arguments: BrokerKind.installed,
        [
            (
                "bad:plain", "topic a",
                "password-file: Error: Unable to decode line in password file"
            ),
            ("bad", "topics a", "Error: Invalid line in acl_file"),
        ]
    )
    func brokenFile(kind: BrokerKind, file: (passwords: String, rules: String, line: String)) throws
    {
        let broker = try BrokerProcess(
            kind,
            files: ["passwords": file.passwords, "rules": file.rules],
            configuration: Self.files
        )
        #expect(broker.waitForLog(file.line))
        #expect(broker.exitStatus() != 0)
    }

    @Test(
        "[MQTT-4.12.0-2] SCRAM logs users in, again while connected, and turns others away",
        arguments: BrokerKind.installed,
        ScramTests.vectors
    )
    func scram(kind: BrokerKind, vector: ScramTests.Vector) throws {
        let broker = try BrokerProcess(
            kind,
            files: ["credentials": vector.line + "\n"],
            configuration: """
                allow_anonymous false
                plugin \(BrokerProcess.plugin("mosquitto_scram"))
                plugin_opt_credential_file DIR/credentials
                """
        )
        try #require(broker.waitForStart())
        let method = vector.mechanism.rawValue

        let client = try RawClient(port: broker.port)
        client.sendConnect(id: "c", method: method, data: "n,,n=user,r=abc")
        let (final, verifier) = try #require(
            Self.answer(to: client.receive(), vector.mechanism, "user", "pencil")
        )
        client.sendAuth(0x18, method: method, data: final)
        let connack = try client.receive()
        #expect(connack.type == 0x20)
        #expect(connack.body[1] == 0)
        #expect(connack.authenticationData(from: 2) == "v=\(verifier)")

        client.sendAuth(0x19, method: method, data: "n,,n=user,r=abc")
        let (again, _) = try #require(
            Self.answer(to: client.receive(), vector.mechanism, "user", "pencil")
        )
        client.sendAuth(0x18, method: method, data: again)
        let auth = try client.receive()
        #expect(auth.type == 0xF0)
        #expect(auth.body.first == 0)

        for user in ["user", "nobody"] {
            let wrong = try RawClient(port: broker.port)
            wrong.sendConnect(id: "w", method: method, data: "n,,n=\(user),r=abc")
            let (final, _) = try #require(
                Self.answer(to: wrong.receive(), vector.mechanism, user, "pencils")
            )
            wrong.sendAuth(0x18, method: method, data: final)
            let refusal = try wrong.receive()
            #expect(refusal.type == 0x20)
            #expect(refusal.body[1] == 0x87)
        }
    }

    /// The client's second message and the server's expected proof, for a challenge with nonce `abc`.
    private static func answer(
        to packet: RawClient.Packet,
        _ mechanism: ScramMechanism,
        _ user: String,
        _ password: String
    ) -> (String, String)? {
        guard packet.type == 0xF0, packet.body.first == 0x18,
            let challenge = packet.authenticationData(from: 1)
        else { return nil }
        let fields = challenge.split(separator: ",", maxSplits: 2).map(String.init)
        guard fields.count == 3, fields[0].hasPrefix("r=abc"),
            let iterations = Int(fields[2].dropFirst(2)),
            let salt = Base64.decode(fields[1].dropFirst(2).utf8),
            let salted = mechanism.saltedPassword(
                Array(password.utf8),
                salt: salt,
                iterations: iterations
            ),
            let clientKey = mechanism.hmac(salted, Array("Client Key".utf8)),
            let storedKey = mechanism.hash(clientKey),
            let serverKey = mechanism.hmac(salted, Array("Server Key".utf8))
        else { return nil }
        let final = "c=biws,\(fields[0])"
        let transcript = Array("n=\(user),r=abc,\(challenge),\(final)".utf8)
        guard let signature = mechanism.hmac(storedKey, transcript),
            let verifier = mechanism.hmac(serverKey, transcript)
        else { return nil }
        let proof = Base64.encode(zip(clientKey, signature).map { $0 ^ $1 })
        return ("\(final),p=\(proof)", Base64.encode(verifier))
    }
}
