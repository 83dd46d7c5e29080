// SPDX-License-Identifier: Apache-2.0
// The bookkeeping of late answers.

import CMosquitto
import Config
import MQTT
import Net
import Testing

import struct TestSupport.SplitMix64

@testable import Core
@testable import PluginHost

/// Who of several connections that claim one client identifier is asked about, and which answer
/// is whose.
struct DelayedAnswerTableTests {
    private static let plugin = LoadedPlugin(
        PluginConfiguration(path: "/test.so"),
        interface: .current({ _, _, _, _ in 0 }, nil),
        isBuiltIn: false,
        threadSafety: 0
    )

    private func peer(_ host: String) -> PeerAddress { .text(host, port: 1) }

    private func waiting(
        _ ticket: UInt64,
        serial: UInt64,
        hasTicket: Bool = false
    )
        -> DelayedAnswers.Waiting
    {
        let identity = ClientIdentity(
            clientIdentifier: "x",
            userName: nil,
            peer: peer("10.0.0.1"),
            listener: nil,
            version: .v5,
            keepAliveSeconds: 0,
            isCleanStart: true,
            isBridge: false,
            authenticationMethod: nil
        )
        let login = BasicAuthentication(
            identity,
            password: nil,
            QuestionID(worker: 0, serial: serial),
            ticket,
            CallbackChain([])
        )
        return DelayedAnswers.Waiting(
            login: .basic(login),
            plugin: Self.plugin,
            hasTicket: hasTicket
        )
    }

    private func begin(_ table: inout DelayedAnswerTable, _ serial: UInt64) -> UInt64 {
        table.begin(.basic, QuestionID(worker: 0, serial: serial))
    }

    private func claim(
        _ table: inout DelayedAnswerTable,
        _ ticket: UInt64,
        from host: String = "10.0.0.1"
    ) -> Bool {
        table.claim("x", for: ticket, from: PeerNetwork(peer(host))) {}
    }

    private let success = DelayedAnswers.Result(code: 0)

    @Test("The answer that names an identifier is for its holder; the next one is asked after it")
    func holder() {
        var table = DelayedAnswerTable()
        let (one, two) = (begin(&table, 1), begin(&table, 2))
        #expect(claim(&table, one))
        #expect(!claim(&table, two))
        _ = table.suspend(waiting(one, serial: 1), "x", until: 100)
        #expect(table.checkInvariants())
        #expect(table.holder(of: "x") == one)
        let (resolved, early) = table.complete(one, .basic, success)
        #expect(resolved?.login.ticket == one)
        #expect(early == nil)
        let turn = table.end(one)
        #expect(turn != nil)
        #expect(table.holder(of: "x") == two)
        // A late second answer for the first is taken for nobody's but the one asked about now.
        #expect(table.complete(one, .basic, success).0 == nil)
        #expect(claim(&table, two))
        #expect(table.checkInvariants())
        #expect(table.end(two) == nil)
        #expect(table.count == 0)
    }

    @Test("Those in line take turns by address: many of one do not keep another out")
    func fairness() {
        var table = DelayedAnswerTable()
        let tickets = (0..<6).map { begin(&table, UInt64($0)) }
        #expect(claim(&table, tickets[0]))
        for ticket in tickets[1...4] { #expect(!claim(&table, ticket)) }
        #expect(!claim(&table, tickets[5], from: "10.0.0.2"))
        var order: [UInt64] = []
        while let holder = table.holder(of: "x") {
            order.append(holder)
            _ = table.end(holder)
            #expect(table.checkInvariants())
        }
        #expect(order == [0, 1, 5, 2, 3, 4].map { tickets[$0] })
    }

    @Test("Who leaves keeps the identifier until the plugin has answered, and that answer is lost")
    func leaving() {
        var table = DelayedAnswerTable()
        let (one, two) = (begin(&table, 1), begin(&table, 2))
        _ = claim(&table, one)
        _ = table.suspend(waiting(one, serial: 1), "x", until: 100)
        #expect(!claim(&table, two))
        #expect(table.forget(QuestionID(worker: 0, serial: 1)) == nil)
        #expect(!table.isAwaited(one))
        #expect(table.isAwaited(two))
        let (resolved, turn) = table.complete(one, .basic, success)
        #expect(resolved == nil)
        #expect(turn != nil)
        #expect(table.holder(of: "x") == two)
    }

    @Test("Who leaves while the callback runs is abandoned when that has returned")
    func leavingEarly() {
        var table = DelayedAnswerTable()
        let one = begin(&table, 1)
        _ = claim(&table, one)
        #expect(table.forget(QuestionID(worker: 0, serial: 1)) == nil)
        #expect(!table.isAwaited(one))
        guard case .left = table.suspend(waiting(one, serial: 1), "x", until: 100).0 else {
            Issue.record("it has left")
            return
        }
        #expect(table.holder(of: "x") == one)
        _ = table.complete(one, .basic, success)
        #expect(table.count == 0)
    }

    @Test("Who leaves the line is not asked about")
    func leavingLine() {
        var table = DelayedAnswerTable()
        let (one, two, three) = (begin(&table, 1), begin(&table, 2), begin(&table, 3))
        _ = claim(&table, one)
        _ = claim(&table, two)
        _ = claim(&table, three)
        _ = table.forget(QuestionID(worker: 0, serial: 2))
        #expect(table.checkInvariants())
        _ = table.end(one)
        #expect(table.holder(of: "x") == three)
        #expect(table.end(three) == nil)
        #expect(table.count == 0)
    }

    @Test("After the time is up the identifier is kept as long again for an answer that may come")
    func expiry() {
        var table = DelayedAnswerTable()
        let (one, two) = (begin(&table, 1), begin(&table, 2))
        _ = claim(&table, one)
        _ = table.suspend(waiting(one, serial: 1), "x", until: 100)
        _ = claim(&table, two)
        #expect(table.expire(now: 99, extra: 100).expired.isEmpty)
        let (expired, turns) = table.expire(now: 100, extra: 100)
        #expect(expired.map(\.login.ticket) == [one])
        #expect(turns.isEmpty)
        #expect(table.holder(of: "x") == one)
        #expect(table.nextDeadline == 200)
        let later = table.expire(now: 200, extra: 100)
        #expect(later.expired.isEmpty)
        #expect(later.turns.count == 1)
        #expect(table.holder(of: "x") == two)
        #expect(table.checkInvariants())
        #expect(table.nextDeadline == nil)
    }

    @Test("Who answers by ticket needs no identifier, and is gone when its client leaves")
    func byTicket() {
        var table = DelayedAnswerTable()
        let (one, two) = (begin(&table, 1), begin(&table, 2))
        _ = claim(&table, one)
        let next = table.suspend(waiting(one, serial: 1, hasTicket: true), nil, until: 100).1
        #expect(next == nil)
        #expect(table.holder(of: "x") == nil)
        _ = table.suspend(waiting(two, serial: 2, hasTicket: true), nil, until: 100)
        #expect(table.complete(two, nil, success).0?.login.ticket == two)
        _ = table.end(two)
        _ = table.forget(QuestionID(worker: 0, serial: 1))
        #expect(!table.isAwaited(one))
        #expect(table.count == 0)
        #expect(table.expire(now: 100, extra: 100).expired.isEmpty)
    }

    @Test("An answer that comes before the callback has returned counts, once")
    func early() {
        var table = DelayedAnswerTable()
        let one = begin(&table, 1)
        _ = claim(&table, one)
        #expect(table.complete(one, .extended, success).0 == nil)
        #expect(table.complete(one, .basic, DelayedAnswers.Result(code: 11)).0 == nil)
        #expect(table.complete(one, .basic, success).0 == nil)
        guard case .decided(let result) = table.suspend(waiting(one, serial: 1), "x", until: 1).0
        else {
            Issue.record("it is decided")
            return
        }
        #expect(result.code == 11)
    }

    @Test("Random comings and goings leave nothing behind")
    func random() {
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
        var random = SplitMix64(seed: seed)
        var table = DelayedAnswerTable()
        var known: [UInt64: UInt64] = [:]
        var now: Int64 = 0
        for serial in 1...2000 as ClosedRange<UInt64> {
            now += 1
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                let ticket = begin(&table, serial)
                known[ticket] = serial
                if claim(&table, ticket, from: "10.0.0.\(serial % 5)") {
                    _ = table.suspend(waiting(ticket, serial: serial), "x", until: now + 50)
                }
            case 2:
                if let holder = table.holder(of: "x") {
                    _ = table.complete(holder, .basic, success)
                }
            case 3: if let holder = table.holder(of: "x") { _ = table.end(holder) }
            case 4:
                if let serial = known.values.randomElement(using: &random) {
                    _ = table.forget(QuestionID(worker: 0, serial: serial))
                }
            default: _ = table.expire(now: now, extra: 50)
            }
            #expect(table.checkInvariants(), "seed \(seed)")
        }
        for ticket in known.keys.sorted() { _ = table.end(ticket) }
        while let holder = table.holder(of: "x") { _ = table.end(holder) }
        #expect(table.count == 0, "seed \(seed)")
    }
}
