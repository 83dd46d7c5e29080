// SPDX-License-Identifier: Apache-2.0
// One message for many: order and number, whether it is delivered at once or in slices.

import Config
import Inflight
import Net
import Testing

@testable import Core

@Suite("Fan-out")
struct FanOutTests {
    /// So many sessions that a message for all of them is delivered in slices by each reactor.
    private static let many = 2 * FanOutQueue().atOnceMax + 2000

    @Test("Order holds between reactors, few subscribers or many", arguments: [0, Self.many])
    func order(absent: Int) throws {
        let driven = try DrivenBroker(workers: 2)
        for number in 0..<absent { leave(driven, "absent\(number)", ["wide"]) }
        let readers = try (0..<4).map { try client(driven, "reader\($0)") }
        for reader in readers { reader.send(Wire.subscribe(["wide", "narrow"])) }
        driven.settle()
        let publisher = try client(driven, "publisher")
        let count = 30
        for number in 0..<count {
            let topic = number % 3 == 0 ? "wide" : "narrow"
            publisher.send(Wire.publish(topic, [UInt8(number)]))
        }
        driven.settle()
        for reader in readers { #expect(payloads(reader) == (0..<count).map { UInt8($0) }) }
        driven.end()
    }

    @Test("A will comes after the last message of its client", arguments: [0, Self.many])
    func will(absent: Int) throws {
        let driven = try DrivenBroker()
        for number in 0..<absent { leave(driven, "absent\(number)", ["wide"]) }
        let reader = try client(driven, "reader")
        reader.send(Wire.subscribe(["#"]))
        driven.settle()
        let publisher = try client(driven, "publisher", will: "last")
        publisher.send(Wire.publish("wide", [1]))
        publisher.close()
        driven.settle()
        #expect(payloads(reader) == [1] + Array("will".utf8))
        driven.end()
    }

    @Test("What was published before the end is in every queue", arguments: [1, 2])
    func end(workers: Int) throws {
        let driven = try DrivenBroker(workers: workers)
        for number in 0..<Self.many { leave(driven, "absent\(number)", ["wide"]) }
        let publisher = try client(driven, "publisher")
        publisher.send(Wire.publish("wide", [1], qos: 1))
        for _ in 0..<3 { driven.turn() }
        let all = driven.workers.flatMap(\.sessions.all)
        for worker in driven.workers { worker.stop() }
        driven.settle()
        let queued = all.filter { $0.outgoing.window.count == 1 }
        #expect(queued.count == Self.many)
        driven.end()
    }

    @Test("Wills for very many are delivered before the end", arguments: [0, Self.many])
    func willsAtTheEnd(absent: Int) throws {
        let driven = try DrivenBroker()
        for number in 0..<absent { leave(driven, "absent\(number)", ["last"]) }
        leave(driven, "one more", ["last"])
        let mortal = try client(driven, "mortal", will: "last", qos: 1)
        let all = driven.workers[0].sessions.all.filter { !$0.subscriptions.isEmpty }
        driven.workers[0].stopReading()
        driven.workers[0].publishAllWills()
        driven.workers[0].finishDeliveries()
        #expect(all.count == absent + 1)
        #expect(all.allSatisfy { $0.outgoing.window.count == 1 })
        mortal.close()
        driven.end()
    }

    @Test("What has been delivered is not kept while more and more comes")
    func kept() throws {
        let driven = try DrivenBroker()
        let worker = driven.workers[0]
        for number in 0..<20 { leave(driven, "absent\(number)", ["wide"]) }
        worker.fanOuts.atOnceMax = 0
        worker.fanOuts.stepMax = 1
        worker.reactor.nanoseconds = SteppingClock(step: 40_000).look
        let publication = PluginPublication(
            topic: Array("wide".utf8),
            payload: [1],
            qos: 1,
            isRetained: false
        )
        var most = 0
        for _ in 0..<2000 {
            // As much is added as is delivered in a turn or two.
            if driven.broker.pluginBacklog.byteCount < 5000 { driven.broker.publish(publication) }
            driven.turn()
            most = max(most, worker.fanOuts.keptCount)
        }
        #expect(!worker.fanOuts.isEmpty, "there was always something to do")
        #expect(most < 100, "\(most) items were kept")
        driven.settle()
        #expect(worker.fanOuts.isEmpty && driven.broker.pluginBacklog.byteCount == 0)
        driven.end()
    }

    @Test(
        "Without duplicates a 3.x client gets each message once, alone, in groups or both",
        arguments: [0, Self.many]
    )
    func duplicates(absent: Int) throws {
        var configuration = Configuration()
        configuration.allowDuplicateMessages = false
        let driven = try DrivenBroker(configuration)
        for number in 0..<absent { leave(driven, "absent\(number)", ["a/b"]) }
        let both = try client(driven, "both")
        both.send(Wire.subscribe(["a/b", "a/+", "$share/one/a/b"]))
        let member = try client(driven, "member")
        member.send(Wire.subscribe(["$share/two/a/b", "$share/three/a/b"]))
        driven.settle()
        let publisher = try client(driven, "publisher")
        let count = 5
        publisher.send((0..<count).flatMap { Wire.publish("a/b", [UInt8($0)]) })
        driven.settle()
        let all = (0..<count).map { UInt8($0) }
        #expect(payloads(both) == all)
        #expect(payloads(member) == all)
        driven.end()
    }

    private func client(
        _ driven: DrivenBroker,
        _ name: String,
        will: String? = nil,
        qos: UInt8 = 0
    ) throws -> Peer {
        let peer = try driven.connect()
        peer.send(Wire.connect(name, will: will.map { ($0, qos) }))
        driven.settle()
        return peer
    }

    /// Leaves a session that has subscribed behind.
    private func leave(_ driven: DrivenBroker, _ name: String, _ filters: [String]) {
        guard let peer = try? driven.connect() else { return }
        peer.send(
            Wire.connect(name, isClean: false) + Wire.subscribe(filters, qos: 1) + Wire.disconnect
        )
        driven.settle()
    }

    /// Payloads of what has come, one after the other.
    private func payloads(_ peer: Peer) -> [UInt8] {
        peer.read()
        var result: [UInt8] = []
        while let packet = peer.packet() {
            if packet[0] >> 4 == 3 { result += Wire.Publication(packet, version: 4).payload }
        }
        return result
    }
}
