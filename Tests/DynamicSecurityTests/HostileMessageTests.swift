// SPDX-License-Identifier: Apache-2.0
// Random and damaged control messages: nothing traps, answers stay JSON, the state stays whole.

import DynamicSecurity
import Foundation
import Testing

import struct TestSupport.SplitMix64

@Suite struct HostileMessageTests {
    private static let commands = CommandScript.all.flatMap(\.steps).map(\.command)
    private static let names = ["a", "b", "r", "g", "u", ""]

    /// A command with members of every name, some of them right.
    private func randomCommand(_ random: inout SplitMix64) -> String {
        let kinds = [
            "createClient", "deleteClient", "modifyClient", "setClientId", "addClientRole",
            "removeClientRole",
            "createGroup", "deleteGroup", "modifyGroup", "addGroupClient", "removeGroupClient",
            "addGroupRole",
            "removeGroupRole", "setAnonymousGroup", "createRole", "deleteRole", "modifyRole",
            "addRoleACL",
            "removeRoleACL", "disableClient", "setDefaultACLAccess", "listClients", "listGroups",
            "listRoles",
        ]
        func name() -> String { HostileMessageTests.names.randomElement(using: &random) ?? "a" }
        func list(_ key: String) -> String {
            let elements = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                #"{"\#(key)":"\#(name())","priority":\#(Int.random(in: -3...3, using: &random))}"#
            }
            return "[\(elements.joined(separator: ","))]"
        }
        var members = [
            #""username":"\#(name())""#, #""rolename":"\#(name())""#, #""groupname":"\#(name())""#,
            #""clientid":"\#(name())""#, #""textname":"\#(name())""#,
            #""acltype":"subscribeLiteral""#, #""topic":"\#(name())""#,
            #""roles":\#(list("rolename"))"#, #""groups":\#(list("groupname"))"#,
            #""clients":\#(list("username"))"#, #""verbose":true"#,
            #""acls":[{"acltype":"subscribePattern","topic":"\#(name())","allow":true}]"#,
        ]
        members.shuffle(using: &random)
        members.removeLast(Int.random(in: 0...3, using: &random))
        let kind = kinds.randomElement(using: &random) ?? "createRole"
        return #""command":"\#(kind)",\#(members.joined(separator: ","))"#
    }

    @Test(
        "After thousands of random commands the state is whole and a restart finds the same",
        arguments: 1...4
    )
    func randomCommands(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        var done = 0
        for round in 0..<1_500 {
            if fixture.run(randomCommand(&random)).contains(#""error""#) == false { done += 1 }
            // The restart then begins somewhere in the middle of the journal.
            if round == 700 { #expect(fixture.engine.compact()) }
        }
        #expect(done > 200)
        let state = fixture.engine.directory.snapshot()
        #expect(state.checkInvariants() == nil)
        let restarted = try EngineFixture(in: fixture.directory).engine.directory.snapshot()
        #expect(restarted.checkInvariants() == nil)
        #expect(StateFile.text(of: restarted) == StateFile.text(of: state))
    }

    @Test("Damaged messages are answered with JSON and leave the state whole", arguments: 1...4)
    func damagedMessages(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        for _ in 0..<1_500 {
            let commands = HostileMessageTests.commands.shuffled(using: &random).prefix(3)
            var message = Array(
                "{\"commands\":[\(commands.map { "{\($0)}" }.joined(separator: ","))]}".utf8
            )
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let position = Int.random(in: 0..<message.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: message[position] = UInt8.random(in: 0...255, using: &random)
                case 1: message.remove(at: position)
                case 2: message.insert(contentsOf: Array("\"[{,:\\u0000".utf8), at: position)
                default: message.removeSubrange(position..<min(message.count, position + 20))
                }
            }
            let answer = fixture.send(message)
            #expect(throws: Never.self) {
                try JSONSerialization.jsonObject(with: Data(answer.utf8))
            }
        }
        #expect(fixture.engine.directory.snapshot().checkInvariants() == nil)
    }

    @Test("Any bytes as state file are read or refused", arguments: 1...4)
    func damagedFiles(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        for command in HostileMessageTests.commands { _ = fixture.run(command) }
        let text = StateFile.text(of: fixture.engine.directory.snapshot())
        var readable = 0
        for _ in 0..<300 {
            var damaged = text
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let position = Int.random(in: 0..<damaged.count, using: &random)
                if Bool.random(using: &random) {
                    damaged[position] = UInt8.random(in: 0...255, using: &random)
                } else {
                    damaged.removeSubrange(position..<min(damaged.count, position + 9))
                }
            }
            guard let model = StateFile.parse(damaged) else { continue }
            readable += 1
            #expect(model.checkInvariants() == nil)
        }
        #expect(readable > 20 && readable < 300)
    }
}
