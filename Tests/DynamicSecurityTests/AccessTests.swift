// SPDX-License-Identifier: Apache-2.0
// Access decisions: matching, order of evaluation, defaults, and agreement with a naive evaluator.

import DynamicSecurity
import Foundation
import Synchronization
import Testing

import struct TestSupport.SplitMix64

@Suite struct AccessTests {
    // MARK: - Defaults and order

    @Test("Defaults open what no rule decides, but never $CONTROL")
    func defaults() throws {
        let fixture = try EngineFixture(
            #"{"defaultACLAccess":{"publishClientSend":true,"subscribe":true},"clients":[{"username":"u"}]}"#
        )
        defer { fixture.remove() }
        #expect(fixture.check(.write, "a", user: "u") == .allow)
        #expect(fixture.check(.read, "a", user: "u") == .defer)
        #expect(fixture.check(.subscribe, "#", user: "u") == .allow)
        #expect(fixture.check(.write, "$CONTROL/dynamic-security/v1", user: "u") == .defer)
        #expect(fixture.check(.write, "a", user: "stranger") == .defer)
        #expect(fixture.check(.write, "a", user: nil) == .allow)
    }

    @Test("A change is felt by the next check, whichever way a client has its roles")
    func changes() throws {
        let fixture = try EngineFixture(
            #"{"clients":[{"username":"u"}],"roles":[{"rolename":"r"}]}"#
        )
        defer { fixture.remove() }
        func step(_ command: String, _ expected: Decision, user: String? = "u") {
            #expect(fixture.check(.write, "t", user: user) != expected)
            #expect(!fixture.run(command).contains("error"), "\(command)")
            #expect(fixture.check(.write, "t", user: user) == expected, "\(command)")
        }
        let allow = #""acltype":"publishClientSend","topic":"t""#
        _ = fixture.run(#""command":"addClientRole","username":"u","rolename":"r""#)
        step(#""command":"addRoleACL","rolename":"r",\#(allow),"allow":true"#, .allow)
        step(#""command":"removeClientRole","username":"u","rolename":"r""#, .defer)
        _ = fixture.run(#""command":"createGroup","groupname":"g","roles":[{"rolename":"r"}]"#)
        step(#""command":"addGroupClient","groupname":"g","username":"u""#, .allow)
        step(#""command":"removeRoleACL","rolename":"r",\#(allow)"#, .defer)
        step(#""command":"addRoleACL","rolename":"r",\#(allow)"#, .deny)
        step(#""command":"modifyGroup","groupname":"g","roles":[]"#, .defer)
        step(#""command":"addGroupRole","groupname":"g","rolename":"r""#, .deny)
        step(#""command":"deleteGroup","groupname":"g""#, .defer)
        _ = fixture.run(#""command":"createGroup","groupname":"n","roles":[{"rolename":"r"}]"#)
        step(#""command":"setAnonymousGroup","groupname":"n""#, .deny, user: nil)
        step(#""command":"deleteRole","rolename":"r""#, .defer, user: nil)
        step(
            #""command":"setDefaultACLAccess","acls":[{"acltype":"publishClientSend","allow":true}]"#,
            .allow
        )
        step(#""command":"deleteClient","username":"u""#, .defer)
    }

    // MARK: - Random populations

    private static let words = ["a", "b", "+", "%c", "%u", "u1", "$SYS", ""]
    private static let names = ["u1", "u2", "a", "+"]

    private func filter(_ random: inout SplitMix64, isTopic: Bool) -> String {
        let words = AccessTests.words.filter { !isTopic || ($0 != "+" && !$0.hasPrefix("%")) }
        var levels = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            words[Int.random(in: 0..<words.count, using: &random)]
        }
        if !isTopic, Int.random(in: 0..<4, using: &random) == 0 { levels[levels.count - 1] = "#" }
        let text = levels.joined(separator: "/")
        if text.isEmpty { return "a" }
        return Int.random(in: 0..<12, using: &random) == 0 ? "$CONTROL/" + text : text
    }

    private func assignments(_ names: [String], _ random: inout SplitMix64) -> [NaiveAssignment] {
        names.shuffled(using: &random).prefix(Int.random(in: 0...3, using: &random)).map {
            NaiveAssignment(name: $0, priority: Int.random(in: -2...2, using: &random))
        }
    }

    private func population(_ random: inout SplitMix64) -> NaiveEvaluator {
        var result = NaiveEvaluator()
        for index in 0..<4 {
            var seen: Set<String> = []
            let rules = (0..<Int.random(in: 0...8, using: &random)).map { _ in
                NaiveRule(
                    type: ACLType.allCases[Int.random(in: 0..<6, using: &random)],
                    topic: filter(&random, isTopic: false),
                    priority: Int.random(in: -1...1, using: &random),
                    allow: Bool.random(using: &random)
                )
            }.filter { seen.insert("\($0.type) \($0.topic)").inserted }
            result.roles.append(
                NaiveRole(
                    name: "r\(index)",
                    allowsWildcards: Int.random(in: 0..<6, using: &random) > 0,
                    rules: rules
                )
            )
        }
        let roleNames = result.roles.map(\.name)
        result.groups = ["g1", "g2"].map { ($0, assignments(roleNames, &random)) }
        result.clients = AccessTests.names.map {
            ($0, assignments(roleNames, &random), assignments(["g1", "g2"], &random))
        }
        result.anonymousGroup = Bool.random(using: &random) ? "g1" : nil
        for access: Access in [.read, .write, .subscribe, .unsubscribe] {
            result.defaults[access] = Bool.random(using: &random)
        }
        return result
    }

    private func json(_ list: [NaiveAssignment], _ key: String) -> String {
        list.map { #"{"\#(key)":"\#($0.name)","priority":\#($0.priority)}"# }.joined(separator: ",")
    }

    private func state(of population: NaiveEvaluator) -> String {
        let roles = population.roles.map { role in
            let rules = role.rules.map {
                #"{"acltype":"\#($0.type.name)","topic":"\#($0.topic)","priority":\#($0.priority),"allow":\#($0.allow)}"#
            }
            return
                #"{"rolename":"\#(role.name)","allowwildcardsubs":\#(role.allowsWildcards),"acls":[\#(rules.joined(separator: ","))]}"#
        }
        let groups = population.groups.map { group in
            let members = population.clients.compactMap { client in
                client.groups.first { $0.name == group.name }.map {
                    #"{"username":"\#(client.name)","priority":\#($0.priority)}"#
                }
            }
            return
                #"{"groupname":"\#(group.name)","roles":[\#(json(group.roles, "rolename"))],"clients":[\#(members.joined(separator: ","))]}"#
        }
        let clients = population.clients.map {
            #"{"username":"\#($0.name)","roles":[\#(json($0.roles, "rolename"))]}"#
        }
        let anonymous = population.anonymousGroup.map { #","anonymousGroup":"\#($0)""# } ?? ""
        let defaults: [(String, Access)] = [
            ("publishClientSend", .write), ("publishClientReceive", .read),
            ("subscribe", .subscribe),
            ("unsubscribe", .unsubscribe),
        ]
        let switches = defaults.map { #""\#($0.0)":\#(population.defaults[$0.1] == true)"# }
        return
            #"{"defaultACLAccess":{\#(switches.joined(separator: ","))},"clients":[\#(clients.joined(separator: ","))],"groups":[\#(groups.joined(separator: ","))]\#(anonymous),"roles":[\#(roles.joined(separator: ","))]}"#
    }

    @Test("Ten thousand random checks agree with a naive evaluator", arguments: 1...10)
    func random(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var decided: [Decision: Int] = [:]
        for _ in 0..<20 {
            let naive = population(&random)
            let fixture = try EngineFixture(state(of: naive))
            defer { fixture.remove() }
            for _ in 0..<50 {
                let access =
                    [Access.read, .write, .subscribe, .unsubscribe].randomElement(using: &random)
                    ?? .read
                let topic = filter(&random, isTopic: access == .read || access == .write)
                let user =
                    (AccessTests.names + ["stranger", nil]).randomElement(using: &random) ?? nil
                let clientID = AccessTests.names.randomElement(using: &random) ?? "a"
                let expected = naive.decide(access, topic, user: user, clientID: clientID)
                let actual = fixture.check(access, topic, user: user, clientID: clientID)
                #expect(
                    actual == expected,
                    "\(access) \(topic) by \(user ?? "nobody") as \(clientID) with \(state(of: naive))"
                )
                decided[actual, default: 0] += 1
            }
        }
        // The populations must be such that every kind of decision comes up.
        #expect(decided.count == 3 && decided.values.allSatisfy { $0 > 50 }, "\(decided)")
    }

    @Test("Checks from several threads during changes never see a role between two states")
    func concurrency() throws {
        let fixture = try EngineFixture(
            #"{"clients":[{"username":"u","roles":[{"rolename":"r"}]}],"roles":[{"rolename":"r","acls":[{"acltype":"publishClientSend","topic":"a"}]}]}"#
        )
        defer { fixture.remove() }
        let engine = fixture.engine
        let isDone = Atomic(false)
        let halfStates = Atomic(0)
        let allowed = Atomic(0)
        // Threads of their own: a queue with few of them would have the readers wait for the end.
        let readers = DispatchGroup()
        for _ in 0..<2 {
            readers.enter()
            Thread.detachNewThread {
                while !isDone.load(ordering: .acquiring) {
                    switch EngineDriver.check(engine.directory, .write, "a", user: "u") {
                    case .allow: allowed.add(1, ordering: .relaxed)
                    case .defer: halfStates.add(1, ordering: .relaxed)
                    case .deny: continue
                    }
                }
                readers.leave()
            }
        }
        // Goes on until a reader has been there; an even number of rounds ends with a denial.
        var round = 0
        while true {
            let rule =
                #"{"acltype":"publishClientSend","topic":"a","allow":\#(round % 2 == 0)}"#
            _ = EngineDriver(engine).run(
                #""command":"modifyRole","rolename":"r","acls":[\#(rule)]"#
            )
            round += 1
            guard round >= 300, round % 2 == 0 else { continue }
            if allowed.load(ordering: .relaxed) > 0 || round >= 200_000 { break }
        }
        isDone.store(true, ordering: .releasing)
        readers.wait()
        #expect(halfStates.load(ordering: .relaxed) == 0)
        #expect(allowed.load(ordering: .relaxed) > 0)
        #expect(fixture.check(.write, "a", user: "u") == .deny)
    }
}
