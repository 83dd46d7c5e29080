// SPDX-License-Identifier: Apache-2.0
// The plugin in this project's broker, with one reactor and with several: bytes on the wire.

import DynamicSecurity
import Foundation
import TestSupport
import Testing

@Suite(
    .serialized,
    .enabled(
        if: FileManager.default.fileExists(atPath: TestSupport.Broker.executable),
        "needs the broker"
    )
)
struct OwnBrokerTests {
    private static let reactorCounts = [1, 4]

    /// A broker with an administrator and nobody else.
    private func start(
        workers: Int,
        options: String = "",
        state: String? = nil
    ) throws -> TestSupport.Broker {
        let hash = try #require(
            StoredPassword.make(ByteString(AdministeredBroker.password), iterations: 10)
        ).text
        let state =
            state
            ?? #"{"clients":[{"username":"admin","encoded_password":"\#(hash)","roles":[{"rolename":"admin"}]}],"defaultACLAccess":{"publishClientReceive":true,"unsubscribe":true},"roles":[{"rolename":"admin","acls":[{"acltype":"publishClientSend","topic":"$CONTROL/dynamic-security/v1","allow":true},{"acltype":"subscribeLiteral","topic":"$CONTROL/dynamic-security/v1/response","allow":true},{"acltype":"publishClientReceive","topic":"$CONTROL/dynamic-security/v1/response","allow":true}]}]}"#
        return try TestSupport.Broker(
            """
            listener %PORT% 127.0.0.1
            allow_anonymous true
            log_type all
            plugin \(AdministeredBroker.ownPlugin)
            plugin_opt_config_file %DIR%/dynsec.json
            \(options)

            """,
            workers: workers,
            files: ["dynsec.json": state]
        )
    }

    private func connected(
        _ broker: TestSupport.Broker,
        _ identifier: String,
        _ version: Version,
        _ user: String,
        _ password: String
    ) throws -> RawClient {
        try .connected(to: broker, identifier, version, username: user, password: password)
    }

    @Test(
        "What no rule allows is denied with reason 0x87, in version 3.1.1 with 0x80",
        arguments: reactorCounts
    )
    func denied(workers: Int) throws {
        let broker = try start(workers: workers)
        let administrator = try Administrator(port: broker.port)
        for command in [
            #""command":"createRole","rolename":"r","allowwildcardsubs":false,"acls":[{"acltype":"publishClientSend","topic":"up/%c","allow":true},{"acltype":"subscribePattern","topic":"down/%u/#","allow":true},{"acltype":"unsubscribeLiteral","topic":"down/u/x"}]"#,
            #""command":"createClient","username":"u","password":"p","roles":[{"rolename":"r"}]"#,
        ] { #expect(try !administrator.run(command).contains("error")) }
        let client = try connected(broker, "me", .v5, "u", "p")
        client.send(
            Wire.subscribe(.v5, id: 1, [("down/u/x", 0), ("down/u/+", 0), ("down/other/x", 0)])
        )
        try client.expect(Wire.suback(.v5, id: 1, [0, 0x87, 0x87]))
        try client.publish1("up/me", id: 2, reason: 0x10)
        try client.publish1("up/you", id: 3, reason: 0x87)
        client.send(Wire.unsubscribe(.v5, id: 4, ["down/u/x", "other"]))
        try client.expect(Wire.unsuback(.v5, id: 4, [0x87, 0x11]))
        let older = try connected(broker, "older", .v4, "u", "p")
        older.send(Wire.subscribe(.v4, id: 1, [("down/u/x", 0), ("#", 0)]))
        try older.expect(Wire.suback(.v4, id: 1, [0, 0x80]))
        older.send(Wire.unsubscribe(.v4, id: 2, ["down/u/x"]))
        try older.expect(Wire.unsuback(.v4, id: 2))
        // 3.1 has no code for a refusal.
        let oldest = try connected(broker, "oldest", .v3, "u", "p")
        oldest.send(Wire.subscribe(.v3, id: 1, [("#", 2)]))
        try oldest.expect(Wire.suback(.v3, id: 1, [2]))
        let who = { (name: String, client: RawClient) in
            "\(name) [127.0.0.1:\(client.localPort)], u'u'"
        }
        let byRole = "role 'r' denies it"
        let byDefault = "no ACL of its roles matches, and the default for publishClientSend"
        for (line, reason) in [
            ("Denied SUBSCRIBE from \(who("me", client)) to 'down/u/+'.", byRole),
            ("Denied UNSUBSCRIBE from \(who("me", client)) to 'down/u/x'.", byRole),
            (
                "Denied PUBLISH from \(who("me", client)) to 'up/you'.",
                "\(byDefault) does not allow it"
            ),
            ("Denied UNSUBSCRIBE from \(who("older", older)) to 'down/u/x'.", byRole),
            ("Denied SUBSCRIBE from \(who("oldest", oldest)) to '#'.", byRole),
        ] {
            try broker.waitForLog(
                exactly: "\(line) Reason: \(reason) (plugin dynamic-security)."
            )
        }
    }

    @Test(
        "A change of rights disconnects with reason 0x98 after it was answered",
        arguments: reactorCounts
    )
    func kicked(workers: Int) throws {
        let broker = try start(workers: workers)
        let administrator = try Administrator(port: broker.port)
        _ = try administrator.run(#""command":"createClient","username":"u","password":"p""#)
        let clients = try (0..<3).map { try connected(broker, "c\($0)", .v5, "u", "p") }
        let other = try RawClient.connected(to: broker, "other", .v5)
        #expect(
            try administrator.run(#""command":"getClient","username":"u""#).contains(
                #""connections":[{"address":"127.0.0.1"},{"address":"127.0.0.1"},{"address":"127.0.0.1"}]"#
            )
        )
        _ = try administrator.run(#""command":"disableClient","username":"u""#)
        for client in clients {
            let packet = try client.readPacket()
            #expect(packet.first == 0xE0 && packet.dropFirst(2).first == 0x98)
            try client.expectClosed()
        }
        try other.expectSilence()
        let refused = try RawClient(broker)
        refused.send(Wire.connect("c0", .v4, username: "u", password: "p"))
        try refused.expectClosed(after: [0x20, 2, 0, 5])
        // An administrator that changes its own role still gets the answer, and then is disconnected too.
        #expect(
            try administrator.run(
                #""command":"addRoleACL","rolename":"admin","acltype":"subscribeLiteral","topic":"x""#
            ) == #"{"responses":[{"command":"addRoleACL"}]}"#
        )
        #expect(try administrator.nextAnswer() == nil)
    }

    @Test(
        "A password that takes its time delays nobody else, whoever shares the reactor",
        arguments: reactorCounts
    )
    func slowHash(workers: Int) throws {
        let hash = try #require(StoredPassword.make("p", iterations: 800_000)).text
        let broker = try start(
            workers: workers,
            state: #"{"clients":[{"username":"slow","encoded_password":"\#(hash)"}]}"#
        )
        let others = try (0..<8).map { try RawClient.connected(to: broker, "other\($0)") }
        let slow = try RawClient(broker)
        slow.patienceSeconds = 60
        slow.send(Wire.connect("slow", username: "slow", password: "p"))
        for other in others { try other.expectSilence() }
        #expect(slow.nextPacket(seconds: 0) == nil)
        try slow.expect(Wire.connack(.v4))
        // The second time nothing has to be hashed.
        let again = try RawClient(broker)
        again.send(Wire.connect("again", username: "slow", password: "p"))
        try again.expect(Wire.connack(.v4))
    }

    @Test("After SIGTERM the state file has every change", arguments: reactorCounts)
    func stopped(workers: Int) throws {
        let broker = try start(workers: workers)
        let administrator = try Administrator(port: broker.port)
        for number in 0..<20 {
            _ = try administrator.run(#""command":"createRole","rolename":"r\#(number)""#)
        }
        try broker.stop()
        let file = try Data(contentsOf: URL(filePath: broker.directory + "/dynsec.json"))
        let tree = try JSONSerialization.jsonObject(with: file) as? [String: Any]
        #expect((tree?["roles"] as? [Any])?.count == 21)
        #expect(!FileManager.default.fileExists(atPath: broker.directory + "/dynsec.json.journal"))
    }

    @Test(
        "Answers come in the order of requests, and a change holds once it is answered",
        arguments: reactorCounts
    )
    func order(workers: Int) throws {
        let broker = try start(workers: workers)
        let administrator = try Administrator(port: broker.port)
        for number in 0..<100 {
            administrator.send(
                #"{"commands":[{"command":"createClient","username":"u\#(number)","password":"p","correlationData":"\#(number)"}]}"#
            )
        }
        for number in 0..<100 {
            #expect(
                try administrator.nextAnswer()
                    == #"{"responses":[{"command":"createClient","correlationData":"\#(number)"}]}"#
            )
        }
        _ = try connected(broker, "any", .v5, "u99", "p")
    }
}
