// SPDX-License-Identifier: Apache-2.0
// What is counted, and how many series that makes at most.

import Foundation
import TestSupport
import Testing

@testable import Core
@testable import Net

@Suite("Metrics of a broker")
struct MetricsTests {
    /// The numbers of all series by name and labels.
    private static func numbers(_ broker: Core.Broker) -> [String: Double] {
        let text = String(
            decoding: MetricsText.render(MetricsSnapshot(of: broker), as: .prometheus),
            as: UTF8.self
        )
        var numbers: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            numbers[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return numbers
    }

    private static func client(_ driven: DrivenBroker, _ name: String) throws -> Peer {
        let peer = try driven.connect()
        peer.send(Wire.connect(name))
        driven.settle()
        peer.read()
        _ = try #require(peer.packet())
        return peer
    }

    @Test("Messages, sessions and ends are counted, and no counter ever falls")
    func counts() throws {
        let driven = try DrivenBroker()
        var before: [String: Double] = [:]
        func look() -> [String: Double] {
            driven.workers[0].updateFigures {}
            driven.settle()
            let now = Self.numbers(driven.broker)
            for (name, number) in before
            where name.contains("_total") || name.contains("_bucket") || name.contains("_count") {
                #expect(now[name] ?? -1 >= number, "\(name) has fallen")
            }
            before = now
            return now
        }
        _ = look()
        let subscriber = try Self.client(driven, "subscriber")
        subscriber.send(Wire.subscribe(["a/#"]))
        let publisher = try Self.client(driven, "publisher")
        publisher.send(
            Wire.publish("a/b", [1, 2, 3], qos: 1, identifier: 1)
                + Wire.publish("nobody", [1], qos: 1, identifier: 2)
        )
        driven.settle()
        let middle = look()
        #expect(middle["mosquitto_publish_received_total{qos=\"1\"}"] == 2)
        #expect(middle["mosquitto_publish_unrouted_total"] == 1)
        #expect(middle["mosquitto_connects_total"] == 2)
        #expect(middle["mosquitto_sessions"] == 2)
        #expect(middle["mosquitto_authentications_pending"] == 0)
        publisher.close()
        subscriber.send([0xE0, 0x00])
        driven.settle()
        let stranger = try driven.connect()
        stranger.close()
        driven.settle()
        let last = look()
        #expect(last["mosquitto_disconnects_total{reason=\"closed_by_peer\"}"] == 1)
        #expect(last["mosquitto_disconnects_total{reason=\"disconnect\"}"] == 1)
        #expect(last["mosquitto_disconnects_total{reason=\"no_connect\"}"] == 1)
        driven.end()
    }

    @Test("One of 64 deliveries is looked at")
    func deliveries() throws {
        let driven = try DrivenBroker()
        let subscriber = try Self.client(driven, "subscriber")
        subscriber.send(Wire.subscribe(["a"]))
        let publisher = try Self.client(driven, "publisher")
        for _ in 0..<200 {
            publisher.send(Wire.publish("a", [1], qos: 0, identifier: 0))
            driven.settle()
            subscriber.read()
        }
        driven.turn()
        let numbers = Self.numbers(driven.broker)
        #expect(numbers["mosquitto_publish_sent_total{qos=\"0\"}"] == 200)
        #expect(numbers["mosquitto_delivery_seconds_count{qos=\"0\"}"] == 3)
        driven.end()
    }

    @Test("However much there is, there are fewer than 2,500 series")
    func limits() throws {
        let driven = try DrivenBroker()
        var snapshot = MetricsSnapshot()
        let listeners = (0..<500).map { number in
            var listener = ListenerFigures(name: "host:\(number)", protocol: "mqtt")
            listener.handshakes = ListenerFigures.HandshakeCounts(
                counts: [UInt64](repeating: 1, count: TLSFigures.boundsNanoseconds.count + 1),
                nanoseconds: 1,
                failed: 1
            )
            listener.certificateEnds = [
                CertificateEnd(kind: .server, second: 1),
                CertificateEnd(kind: .authority, second: 1),
            ]
            listener.accepted = 1
            return listener
        }
        snapshot.add(listeners)
        snapshot.add((0..<500).map { ReactorFigures(name: "\($0)") })
        var hooks = HookFigures()
        hooks.plugins = (0..<100).map { number in
            HookFigures.Plugin(
                name: "plugin\(number)",
                version: "1",
                events: (0..<30).map {
                    HookFigures.Event(
                        name: "event\($0)",
                        calls: 1,
                        errors: 0,
                        nanoseconds: 1,
                        slowCalls: 0
                    )
                }
            )
        }
        hooks.waitBounds = [1, 2, 3, 4, 5, 6]
        hooks.waits = [0, 0, 0, 0, 0, 0, 0]
        snapshot.add(hooks)
        let fixed = MetricsSnapshot(of: driven.broker)
        #expect(fixed.seriesCount + snapshot.seriesCount <= MetricsLimits.seriesMax)
        // Nothing is left out: those without series of their own are summed up.
        let accepted = snapshot.entries.first { $0.family == .listenerAccepted }
        #expect(accepted?.samples.last?.labels == ["other", "other"])
        #expect(
            accepted?.samples.last?.value
                == .number(.integer(Int64(500 - MetricsLimits.listenerCount)))
        )
        driven.end()
    }

    @Test("The document has every family, and no other")
    func document() throws {
        let path = TestSupport.Broker.packageRoot + "/docs/monitoring.md"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let named = Set(
            text.matches(of: #/\b(?:mosquitto|process)_[a-z0-9_]+/#).map { String($0.output) }
        )
        let driven = try DrivenBroker()
        var known = Set(MetricsSnapshot(of: driven.broker).entries.map(\.family.name))
        let others: [MetricFamily] = [
            .handshakes, .handshakeSeconds, .certificateEnd, .plugin, .pluginCalls, .pluginErrors,
            .pluginSeconds, .pluginSlow, .pluginProcess, .pluginRestarts, .pluginMemory,
            .pluginPending, .pluginFailed, .laneWaiting, .laneWait, .logBytes, .syncSeconds,
        ]
        known.formUnion(others.map(\.name))
        #expect(named.subtracting(known).isEmpty, "\(named.subtracting(known).sorted())")
        #expect(known.subtracting(named).isEmpty, "\(known.subtracting(named).sorted())")
        driven.end()
    }

    @Test("What is to be warned of is told beside it, whatever it says")
    func warnings() {
        let text = BrokerHealth.Readiness.ready.text(warnings: ["a \"b\"", "c\n"])
        #expect(text == #"{"status":"ready","warnings":["a \"b\"","c\n"]}"# + "\n")
    }

    @Test("Readiness says what the broker is at, and how far")
    func readiness() {
        let health = BrokerHealth()
        #expect(health.readiness(isOutOfMemory: false).text() == "{\"status\":\"starting\"}\n")
        health.phase = .restoring
        health.noteReading(84, of: 100)
        #expect(
            health.readiness(isOutOfMemory: false).text()
                == "{\"status\":\"restoring\",\"done\":0.42}\n"
        )
        health.beginRestoring(4)
        health.noteRestored(3)
        #expect(health.readiness(isOutOfMemory: true) == .restoring(done: 0.875))
        health.phase = .running
        #expect(health.readiness(isOutOfMemory: false) == .ready)
        #expect(health.readiness(isOutOfMemory: true) == .memoryLimit)
        health.noteListenerFailure()
        #expect(health.readiness(isOutOfMemory: false) == .listenerFailed)
        health.phase = .stopping
        #expect(health.readiness(isOutOfMemory: false) == .stopping)
    }

    @Test("A reactor that is in one turn for long is stuck, one that does nothing is not")
    func liveness() throws {
        let driven = try DrivenBroker()
        driven.broker.health.phase = .running
        driven.turn()
        #expect(driven.broker.isAlive)
        let now = Clock.monotonicNanoseconds()
        driven.workers[0].mailbox.turns.begin(at: now - 11_000_000_000)
        #expect(!driven.broker.isAlive)
        driven.turn()
        #expect(driven.broker.isAlive)
        driven.end()
    }
}
