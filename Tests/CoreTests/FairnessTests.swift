// SPDX-License-Identifier: Apache-2.0
// Nothing that one client asks for delays another one.

import Inflight
import MQTT
import Net
import Testing
import Topics

@testable import Core

@Suite("Shares of a turn")
struct FairnessTests {
    /// Filters of one packet; enough for a hundred turns.
    private static let filters = (0..<20_000).map { "filter/\($0)" }

    @Test("Filters of a packet, the same again, and their removal in reverse are shared out")
    func filters() throws {
        let fairness = try Fairness(DrivenBroker())
        let index = fairness.driven.broker.subscriptions
        let peer = try fairness.client("greedy")
        let all = Wire.subscribe(Self.filters)
        let first = try fairness.run(feed: peer.feeding(all)) {
            index.subscriptionCount
        } until: {
            isAnswered(peer, 0x90)
        }
        #expect(index.subscriptionCount == Self.filters.count)
        #expect(first.turns > 50 && first.largest <= 400, "\(first)")
        // The same again changes nothing that could be counted; it takes as many turns.
        let again = try fairness.run(feed: peer.feeding(all)) {
            index.subscriptionCount
        } until: {
            isAnswered(peer, 0x90)
        }
        #expect(again.turns > 50 && again.turns < 2 * first.turns, "\(again)")
        let none = Wire.unsubscribe(Self.filters.reversed())
        let last = try fairness.run(feed: peer.feeding(none)) {
            index.subscriptionCount
        } until: {
            isAnswered(peer, 0xB0)
        }
        #expect(index.subscriptionCount == 0)
        #expect(last.turns > 50 && last.largest <= 400, "\(last)")
        #expect(fairness.longestWait <= 1)
    }

    @Test("A message for thousands of sessions is delivered in slices, to each of them once")
    func wide() throws {
        let fairness = try Fairness(DrivenBroker())
        let count = 6000
        for number in 0..<count { try leave(fairness, "absent\(number)", ["wide/topic"]) }
        let peer = try fairness.client("loud")
        let messages = (1...3).map {
            Wire.publish("wide/topic", [UInt8($0)], qos: 1, identifier: UInt16($0))
        }
        peer.send(messages.flatMap { $0 } + Wire.pingreq)
        let sessions = fairness.driven.workers[0].sessions
        let progress = try fairness.run {
            sessions.all.reduce(0) { $0 + $1.outgoing.window.count }
        } until: {
            isAnswered(peer, 0xD0)
        }
        #expect(progress.turns > 10 && progress.largest <= 3000, "\(progress)")
        #expect(fairness.longestWait <= 1)
        let queued = sessions.all.filter { $0.identity.clientIdentifier.hasPrefix("absent") }
        #expect(queued.count == count && queued.allSatisfy { $0.outgoing.window.count == 3 })
    }

    @Test("Messages of one publisher keep their order, few subscribers or many")
    func order() throws {
        let driven = try DrivenBroker()
        let fairness = try Fairness(driven)
        for number in 0..<5000 { try leave(fairness, "absent\(number)", ["wide"]) }
        let reader = try fairness.client("reader")
        reader.send(Wire.subscribe(["wide", "narrow"]))
        let peer = try fairness.client("loud", isClean: true)
        let topics = (0..<20).map { $0 % 3 == 0 ? "wide" : "narrow" }
        for (number, topic) in topics.enumerated() {
            peer.send(Wire.publish(topic, [UInt8(number)]))
        }
        peer.send(Wire.disconnect)
        driven.settle()
        reader.read()
        var payloads: [UInt8] = []
        while let packet = reader.packet() {
            if packet[0] >> 4 == 3 { payloads += Wire.Publication(packet, version: 4).payload }
        }
        #expect(payloads == (0..<20).map { UInt8($0) })
    }

    @Test("A message for thousands of groups is dealt in slices, a turn of each group")
    func groups() throws {
        let fairness = try Fairness(DrivenBroker())
        let count = 6000
        let member = try fairness.client("member")
        let filters = (0..<count).map { "$share/group\($0)/shared" }
        let feed = member.feeding(Wire.subscribe(filters))
        _ = try fairness.run(feed: feed) {
            0
        } until: {
            isAnswered(member, 0x90)
        }
        let peer = try fairness.client("loud")
        peer.send(Wire.publish("shared", [1]) + Wire.publish("shared", [2]) + Wire.pingreq)
        let counters = fairness.driven.workers[0].counters
        let progress = try fairness.run {
            Int(counters.sent.publishes)
        } until: {
            member.read()
            return isAnswered(peer, 0xD0)
        }
        #expect(progress.turns >= 4 && progress.largest <= 3000, "\(progress)")
        #expect(fairness.longestWait <= 1)
        fairness.driven.settle()
        member.read()
        var counts = [0, 0, 0]
        while let packet = member.packet() { counts[Int(packet[packet.count - 1])] += 1 }
        #expect(counts == [0, count, count])
    }

    @Test("A client that sends very many packets at once is read from over several turns")
    func packets() throws {
        let fairness = try Fairness(DrivenBroker())
        let peer = try fairness.client("busy")
        let count = 50_000
        let packets = (0..<count).flatMap { Wire.acknowledgement(0x62, UInt16($0 % 60_000) + 1) }
        let counters = fairness.driven.workers[0].counters
        var answers = 0
        let progress = try fairness.run(feed: peer.feeding(packets)) {
            Int(counters.received.pubrel.current)
        } until: {
            peer.read()
            while peer.packet() != nil { answers += 1 }
            return answers == count
        }
        // Six thousand packets are a share, looked at after every thousand.
        #expect(progress.turns > 7 && progress.largest <= 7168, "\(progress)")
        #expect(fairness.longestWait <= 1)
    }

    @Test("Retained messages that are set, fetched and cleared by the thousand are shared out")
    func retained() throws {
        let fairness = try Fairness(DrivenBroker())
        let retained = fairness.driven.broker.retained
        let count = 10_000
        let peer = try fairness.client("keeper")
        let messages = (0..<count).flatMap { Wire.publish("kept/\($0)", [1], isRetained: true) }
        let set = try fairness.run(feed: peer.feeding(messages)) {
            retained.count
        } until: {
            retained.count == count
        }
        #expect(set.largest <= 1500, "\(set)")
        let reader = try fairness.client("reader")
        reader.send(Wire.subscribe(["#"]))
        var received = 0
        let fetched = try fairness.run {
            received
        } until: {
            reader.read()
            while let packet = reader.packet() { received += packet[0] >> 4 == 3 ? 1 : 0 }
            return received == count
        }
        #expect(fetched.turns > 5 && fetched.largest <= 2500, "\(fetched)")
        let empty = (0..<count).flatMap { Wire.publish("kept/\($0)", [], isRetained: true) }
        let cleared = try fairness.run(feed: peer.feeding(empty)) {
            retained.count
        } until: {
            retained.count == 0
        }
        #expect(cleared.largest <= 1500, "\(cleared)")
        #expect(fairness.longestWait <= 1)
    }

    @Test("A crowd that leaves is seen off in slices", arguments: [true, false])
    func departures(isPolite: Bool) throws {
        let fairness = try Fairness(DrivenBroker())
        let count = 300
        let peers = try (0..<count).map { try fairness.client("one\($0)") }
        let reactor = fairness.driven.workers[0].reactor
        for peer in peers {
            if isPolite { peer.send(Wire.disconnect) } else { peer.close() }
        }
        let progress = try fairness.run {
            reactor.connectionCount
        } until: {
            reactor.connectionCount == 1
        }
        #expect(progress.turns > 10 && progress.largest <= 20, "\(progress)")
        #expect(fairness.longestWait <= 1)
        #expect(fairness.driven.broker.census.sessionCount == 1)
    }

    /// Leaves a session that has subscribed behind.
    private func leave(_ fairness: Fairness, _ name: String, _ filters: [String]) throws {
        let peer = try fairness.driven.connect()
        peer.send(
            Wire.connect(name, isClean: false) + Wire.subscribe(filters, qos: 1) + Wire.disconnect
        )
        fairness.driven.settle()
    }

    /// Whether a packet of a type has come; others are dropped.
    private func isAnswered(_ peer: Peer, _ first: UInt8) -> Bool {
        peer.read()
        while let packet = peer.packet() {
            if packet[0] == first { return true }
        }
        return false
    }
}
