// SPDX-License-Identifier: Apache-2.0
// Our plugins inside the original broker and ours, spoken to in bytes.

import Encoding
import Foundation
import Glibc
import PluginSDK
import TestSupport
import Testing

@testable import Scram

@Suite("In the original broker and in ours", .serialized)
struct BothBrokersTests {
    private typealias Broker = TestSupport.Broker

    private static let files = """
        listener %PORT% 127.0.0.1
        allow_anonymous false
        plugin \(Broker.plugin("password_file"))
        plugin_opt_password_file %DIR%/passwords
        plugin \(Broker.plugin("acl_file"))
        plugin_opt_acl_file %DIR%/rules

        """

    private static let passwords = """
        # users
        six:\(PasswordVectors.all[0])
        seven:\(PasswordVectors.all[2])

        """

    @Test(
        "Passwords and access rules decide, and a broken file leaves the old ones in force",
        arguments: TestSupport.Broker.Program.installed
    )
    func files(program: TestSupport.Broker.Program) throws {
        let rules =
            "user six\ntopic write a/b\nuser seven\ntopic #\ntopic deny c/secret\npattern read own/%u/%c\n"
        let broker = try Broker(
            Self.files,
            of: program,
            workers: 2,
            files: ["passwords": Self.passwords, "rules": rules]
        )
        for (name, password, code) in [
            ("six", "wrong", 0x87), ("nobody", "secret", 0x87), ("six", "", 0x87),
            ("six", "secret", 0),
        ] {
            let client = try RawClient(broker)
            #expect(try client.connect("x", username: name, password: password) == UInt8(code))
        }
        #expect(try RawClient(broker).connect("x") == 0x87)
        let six = try RawClient(broker)
        let seven = try RawClient(broker)
        #expect(try six.connect("s6", username: "six", password: "secret") == 0)
        #expect(try seven.connect("s7", username: "seven", password: "secret") == 0)
        #expect(try six.subscribeReason("#") == 0)
        #expect(try six.publishReason("a/b", "x") == 0)
        #expect(try six.publishReason("a/c", "x") == 0x87)
        #expect(try seven.publishReason("c/secret", "x") == 0x87)
        #expect(try seven.publishReason("own/six/other", "x") == 0)
        #expect(try seven.publishReason("own/six/s6", "for you") == 0)
        // Had six been sent anything else, that would come first.
        #expect(try six.message() == "own/six/s6 for you")

        try Self.write("rules", in: broker, "topic readwrite a#\n")
        try Self.write("passwords", in: broker, Self.passwords + "bad:plain\n")
        broker.process.signal(SIGHUP)
        try broker.waitForLog(
            containing: "password-file: Error: Unable to decode line in password file",
            seconds: 20
        )
        try broker.waitForLog(
            containing: "Error: Invalid ACL topic \"a#\" in acl_file",
            seconds: 20
        )
        // Whoever is connected stays, and whoever comes is checked as before.
        #expect(try six.publishReason("a/b", "x") < 0x80)
        #expect(try six.publishReason("a/c", "x") == 0x87)
        #expect(try Self.publish("a/b", as: "six", to: broker) < 0x80)

        try Self.write("rules", in: broker, "user six\ntopic a/c\n")
        try Self.write("passwords", in: broker, Self.passwords)
        broker.process.signal(SIGHUP)
        #expect(Self.retry { try Self.publish("a/c", as: "six", to: broker) < 0x80 })
        #expect(Self.retry { try Self.publish("a/b", as: "six", to: broker) == 0x87 })
    }

    /// Publishes over a new connection and returns the reason code.
    private static func publish(
        _ topic: String,
        as user: String,
        to broker: Broker
    ) throws -> UInt8 {
        let client = try RawClient(broker)
        guard try client.connect("later", username: user, password: "secret") == 0 else {
            throw Mismatch("\(user) was not let in")
        }
        return try client.publishReason(topic, "x")
    }

    /// Writes a file beside the configuration.
    private static func write(_ name: String, in broker: Broker, _ content: String) throws {
        try content.write(
            toFile: broker.directory + "/" + name,
            atomically: false,
            encoding: .utf8
        )
    }

    /// Tries until the broker has taken notice of a signal; a reload may disconnect a client.
    private static func retry(_ body: () throws -> Bool) -> Bool {
        for _ in 0..<300 where (try? body()) == true { return true }
        return false
    }

    @Test(
        "A broken file stops the start",
        arguments: TestSupport.Broker.Program.installed,
        [
            (
                "bad:plain", "topic a",
                "password-file: Error: Unable to decode line in password file"
            ),
            ("bad", "topics a", "Error: Invalid line in acl_file"),
        ]
    )
    func brokenFile(
        program: TestSupport.Broker.Program,
        file: (passwords: String, rules: String, line: String)
    ) throws {
        let error = #expect(throws: Mismatch.self) {
            try Broker(
                Self.files,
                of: program,
                workers: 2,
                files: ["passwords": file.passwords, "rules": file.rules]
            )
        }
        #expect(error?.description.contains(file.line) == true, "\(error?.description ?? "")")
    }

    @Test(
        "[MQTT-4.12.0-2] SCRAM logs users in, again while connected, and turns others away",
        arguments: TestSupport.Broker.Program.installed,
        ScramTests.vectors
    )
    func scram(program: TestSupport.Broker.Program, vector: ScramTests.Vector) throws {
        let broker = try Broker(
            """
            listener %PORT% 127.0.0.1
            allow_anonymous false
            plugin \(Broker.plugin("scram"))
            plugin_opt_credential_file %DIR%/credentials

            """,
            of: program,
            workers: 2,
            files: ["credentials": vector.line + "\n"]
        )
        let method = vector.mechanism.rawValue

        let client = try RawClient(broker)
        client.sendConnect("c", method: method, data: "n,,n=user,r=abc")
        let (final, verifier) = try #require(
            Self.answer(to: client.answer(), vector.mechanism, "user", "pencil")
        )
        client.sendAuth(0x18, method: method, data: final)
        let connack = try client.answer()
        #expect(connack.type == 0x20)
        #expect(connack.body[1] == 0)
        #expect(connack.authenticationData(from: 2) == "v=\(verifier)")

        client.sendAuth(0x19, method: method, data: "n,,n=user,r=abc")
        let (again, _) = try #require(
            Self.answer(to: client.answer(), vector.mechanism, "user", "pencil")
        )
        client.sendAuth(0x18, method: method, data: again)
        let auth = try client.answer()
        #expect(auth.type == 0xF0)
        #expect(auth.body.first == 0)

        for user in ["user", "nobody"] {
            let wrong = try RawClient(broker)
            wrong.sendConnect("w", method: method, data: "n,,n=\(user),r=abc")
            let (final, _) = try #require(
                Self.answer(to: wrong.answer(), vector.mechanism, user, "pencils")
            )
            wrong.sendAuth(0x18, method: method, data: final)
            let refusal = try wrong.answer()
            #expect(refusal.type == 0x20)
            #expect(refusal.body[1] == 0x87)
        }
    }

    /// The client's second message and the server's expected proof, for a challenge with nonce `abc`.
    private static func answer(
        to packet: AnswerPacket,
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
