// SPDX-License-Identifier: Apache-2.0
// Our plugin inside the original broker: same answers as its own plugin, and crashes lose nothing.

import DynamicSecurity
import Foundation
import TestSupport
import Testing

@Suite(
    .serialized,
    .enabled(if: AdministeredBroker.isAvailable, "needs the original broker, version 2.0")
)
struct OriginalBrokerTests {
    private func removing(_ directory: String) {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// What both versions say alike: members that only 2.1 has are left out.
    private func comparable(_ answer: String) -> String {
        answer.replacing(#""allowwildcardsubs":true,"#, with: "")
            .replacing(#""allowwildcardsubs":false,"#, with: "")
    }

    @Test("Answers are those of the original's own plugin", arguments: CommandScript.all)
    func sameAnswers(_ script: CommandScript) throws {
        let theirDirectory = try AdministeredBroker.makeDirectory()
        let ourDirectory = try AdministeredBroker.makeDirectory()
        defer {
            removing(theirDirectory)
            removing(ourDirectory)
        }
        let theirs = try AdministeredBroker.start(
            in: theirDirectory,
            plugin: AdministeredBroker.originalPlugin
        )
        let ours = try AdministeredBroker.start(
            in: ourDirectory,
            plugin: AdministeredBroker.ownPlugin
        )
        let theirAdministrator = try Administrator(theirs)
        let ourAdministrator = try Administrator(ours)
        var compared = 0
        for step in script.steps where !VersionDifferences.isKnown(step) {
            let expected = comparable(try theirAdministrator.run(step.command))
            let actual = comparable(try ourAdministrator.run(step.command))
            #expect(actual == expected, "\(step)")
            compared += 1
        }
        #expect(compared * 2 > script.steps.count)
    }

    @Test("A file that the original's plugin has written gives the same answers here")
    func theirFile() throws {
        let directory = try AdministeredBroker.makeDirectory()
        defer { removing(directory) }
        let theirs = try AdministeredBroker.start(
            in: directory,
            plugin: AdministeredBroker.originalPlugin
        )
        let questions = [
            #""command":"listClients","verbose":true"#, #""command":"listGroups","verbose":true"#,
            #""command":"listRoles","verbose":true"#, #""command":"getDefaultACLAccess""#,
            #""command":"getAnonymousGroup""#,
        ]
        let theirAdministrator = try Administrator(theirs)
        for command in [
            #""command":"createRole","rolename":"r","textname":"t","acls":[{"acltype":"subscribePattern","topic":"a/#","priority":4,"allow":true},{"acltype":"subscribePattern","topic":"b/#"}]"#,
            #""command":"createGroup","groupname":"g","textdescription":"d","roles":[{"rolename":"r","priority":3}]"#,
            #""command":"createClient","username":"u","password":"secret","textname":"é","roles":[{"rolename":"r"}],"groups":[{"groupname":"g","priority":9}]"#,
            #""command":"createClient","username":"off","clientid":"c""#,
            #""command":"disableClient","username":"off""#,
            #""command":"setAnonymousGroup","groupname":"g""#,
        ] { #expect(try !theirAdministrator.run(command).contains("error")) }
        let expected = try questions.map { try theirAdministrator.run($0) }
        try theirs.stop()

        let ours = try AdministeredBroker.start(in: directory, plugin: AdministeredBroker.ownPlugin)
        let ourAdministrator = try Administrator(ours)
        #expect(
            try questions.map { comparable(try ourAdministrator.run($0)) }
                == expected.map(comparable)
        )
        let user = try RawClient(port: ours.port)
        user.send(Wire.connect("someone", username: "u", password: "secret"))
        try user.expect(Wire.connack(.v4))
        try user.subscribe("a/x")
        // Converted and written back, it still is the same state.
        try ours.stop()
        let again = try AdministeredBroker.start(
            in: directory,
            plugin: AdministeredBroker.ownPlugin
        )
        let administrator = try Administrator(again)
        #expect(
            try questions.map { comparable(try administrator.run($0)) } == expected.map(comparable)
        )
    }

    @Test("Denied and allowed subscriptions, and the disconnection of whoever is changed")
    func accessAndKick() throws {
        let directory = try AdministeredBroker.makeDirectory()
        defer { removing(directory) }
        let broker = try AdministeredBroker.start(
            in: directory,
            plugin: AdministeredBroker.ownPlugin
        )
        let administrator = try Administrator(broker)
        _ = try administrator.run(
            #""command":"createRole","rolename":"r","acls":[{"acltype":"subscribePattern","topic":"%c/#","allow":true}]"#
        )
        _ = try administrator.run(
            #""command":"createClient","username":"u","password":"p","roles":[{"rolename":"r"}]"#
        )
        let user = try RawClient(port: broker.port)
        user.send(Wire.connect("me", username: "u", password: "p"))
        try user.expect(Wire.connack(.v4))
        user.send(Wire.subscribe(.v4, id: 1, [("me/x", 0), ("you/x", 0), ("#", 0)]))
        try user.expect(Wire.suback(.v4, id: 1, [0, 0x80, 0x80]))
        _ = try administrator.run(#""command":"removeClientRole","username":"u","rolename":"r""#)
        try user.expectClosed()
        let stranger = try RawClient(port: broker.port)
        stranger.send(Wire.connect("me", username: "u", password: "wrong"))
        try stranger.expectClosed(after: [0x20, 2, 0, 5])
        // The line comes after the disconnection.
        try broker.waitForLog(
            containing:
                "| removeClientRole | username=u | rolename=r | address=127.0.0.1 | result=success"
        )
        try broker.stop()
    }

    /// `DYNSEC_CRASH_ROUNDS=200` makes it the long form.
    private static let crashRounds =
        ProcessInfo.processInfo.environment["DYNSEC_CRASH_ROUNDS"].flatMap(Int.init) ?? 10

    @Test("kill -9 of the original in the middle of a stream of changes loses no answered change")
    func crashesOfTheOriginal() throws {
        try crash(.original)
    }

    @Test(
        "kill -9 of this broker in the middle of a stream of changes loses no answered change",
        .enabled(
            if: FileManager.default.fileExists(atPath: TestSupport.Broker.executable),
            "needs the broker"
        )
    )
    func crashesOfOurs() throws {
        try crash(.underTest)
    }

    private func crash(_ program: TestSupport.Broker.Program) throws {
        let directory = try AdministeredBroker.makeDirectory()
        defer { removing(directory) }
        var random = SplitMix64(seed: 1)
        var answered: Set<String> = []
        var number = 0
        for round in 0..<OriginalBrokerTests.crashRounds {
            let broker = try AdministeredBroker.start(
                in: directory,
                plugin: AdministeredBroker.ownPlugin,
                // Often enough that crashes hit the rewriting of the file as well.
                options: "plugin_opt_compaction_delay_ms \(round % 3)",
                of: program
            )
            let administrator = try Administrator(broker)
            let present = try Set(clients(administrator))
            #expect(answered.isSubset(of: present), "lost: \(answered.subtracting(present))")
            let first = number
            for _ in 0..<200 {
                administrator.send(
                    #"{"commands":[{"command":"createClient","username":"c\#(number)"}]}"#
                )
                number += 1
            }
            let answersBeforeCrash = Int.random(in: 0..<150, using: &random)
            for index in 0..<answersBeforeCrash {
                guard let answer = try administrator.nextAnswer() else {
                    throw Mismatch("no answer")
                }
                #expect(answer == #"{"responses":[{"command":"createClient"}]}"#)
                answered.insert("c\(first + index)")
            }
            broker.process.signal(SIGKILL)
            _ = try #require(broker.process.wait(seconds: 10), "the broker still runs")
            let file = try Data(contentsOf: URL(filePath: AdministeredBroker.statePath(directory)))
            #expect(try JSONSerialization.jsonObject(with: file) is [String: Any])
        }
        let broker = try AdministeredBroker.start(
            in: directory,
            plugin: AdministeredBroker.ownPlugin,
            of: program
        )
        #expect(answered.isSubset(of: try clients(Administrator(broker))))
        #expect(!answered.isEmpty)
    }

    private func clients(_ administrator: Administrator) throws -> [String] {
        let answer = try administrator.run(#""command":"listClients""#)
        let tree =
            try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: [[String: Any]]]
        let data = tree?["responses"]?.first?["data"] as? [String: Any]
        return try #require(data?["clients"] as? [String])
    }
}
