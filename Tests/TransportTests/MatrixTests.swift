// SPDX-License-Identifier: Apache-2.0
// The protocol itself over every transport, with one and several reactors.

import Foundation
import TestSupport
import Testing

/// A transport by name, so that test cases can be told apart.
enum Way: String, CaseIterable, Sendable {
    case tls, webSocket, webSocketOverTLS

    func transport() throws -> ClientTransport {
        switch self {
        case .tls: .tls(try certificates().client)
        case .webSocket: .webSocket
        case .webSocketOverTLS: .webSocketOverTLS(try certificates().client)
        }
    }

    /// Which of the ports of `MatrixTests.config` speaks it.
    var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

@Suite("MQTT over every transport")
struct MatrixTests {
    private static func broker(_ workers: Int) throws -> Broker {
        try Broker.shared(
            open + tlsListener() + "listener %PORT2% 127.0.0.1\nprotocol websockets\n"
                + tlsListener("%PORT3%", "protocol websockets"),
            workers: workers
        )
    }

    private static func client(
        _ way: Way,
        _ workers: Int,
        _ name: String = unique("way"),
        _ version: Version = .v4,
        clean: Bool = true,
        sessionPresent: Bool = false,
        will: Will? = nil
    ) throws -> RawClient {
        let client = try RawClient(
            port: broker(workers).ports[way.index],
            over: way.transport()
        )
        client.send(Wire.connect(name, version, clean: clean, will: will))
        try client.expect(Wire.connack(version, sessionPresent: sessionPresent))
        client.speak(version)
        return client
    }

    // [MQTT-4.2.0-1] [MQTT311-7.1.1-1]
    @Test("Messages of every QoS", arguments: Way.allCases, Broker.reactorCounts)
    func qualities(way: Way, workers: Int) throws {
        let publisher = try Self.client(way, workers)
        let subscriber = try Self.client(way, workers)
        let topic = unique("qos")
        try subscriber.subscribe(topic, 2)
        publisher.publish(topic, "zero")
        try subscriber.expectPublish(topic, "zero")
        try publisher.publish1(topic, "one")
        try subscriber.take1(topic, "one", id: 1)
        try publisher.publish2(topic, "two")
        try subscriber.take2(topic, "two", id: 2)
        try subscriber.expectSilence()
        #expect(subscriber.frameComplaint == nil)
    }

    @Test("Retained messages", arguments: Way.allCases, Broker.reactorCounts)
    func retained(way: Way, workers: Int) throws {
        let client = try Self.client(way, workers, unique("retained"), .v5)
        let topic = unique("kept")
        try client.publish1(topic, "value", retain: true, reason: 0x10)
        try client.subscribe(topic)
        try client.expectPublish(topic, "value", retain: true)
        client.publish(topic, retain: true)
        try client.expectPublish(topic)
    }

    @Test("A session waits for its client", arguments: Way.allCases, Broker.reactorCounts)
    func session(way: Way, workers: Int) throws {
        let name = unique("session")
        let topic = unique("waiting")
        let first = try Self.client(way, workers, name, clean: false)
        try first.subscribe(topic, 1)
        first.send(Wire.disconnect())
        _ = first.nextPacket(seconds: 2)
        let publisher = try Self.client(way, workers)
        try publisher.publish1(topic, "later")
        let again = try Self.client(way, workers, name, clean: false, sessionPresent: true)
        try again.take1(topic, "later", id: 1)
    }

    @Test("Takeover and will", arguments: Way.allCases, Broker.reactorCounts)
    func takeover(way: Way, workers: Int) throws {
        let topic = unique("will")
        let watcher = try Self.client(way, workers)
        try watcher.subscribe(topic)
        let name = unique("mortal")
        let first = try Self.client(way, workers, name, will: Will(topic, "gone"))
        let second = try Self.client(way, workers, name)
        _ = first.nextPacket(seconds: 2)
        #expect(first.isClosed)
        try watcher.expectPublish(topic, "gone")
        try second.expectEcho()
    }

    @Test("A hundred clients in all directions", arguments: Way.allCases, Broker.reactorCounts)
    func crowd(way: Way, workers: Int) throws {
        let topic = unique("crowd")
        let clients = try (0..<100).map { _ in try Self.client(way, workers) }
        for client in clients { try client.subscribe(topic) }
        for (index, client) in clients.enumerated() {
            client.publish(topic, "\(index)")
            for other in clients { try other.expectPublish(topic, "\(index)") }
        }
    }

    @Test("Pipelined packets in one write", arguments: Way.allCases, Broker.reactorCounts)
    func pipeline(way: Way, workers: Int) throws {
        let client = try RawClient(
            port: Self.broker(workers).ports[way.index],
            over: way.transport()
        )
        let topic = unique("pipeline")
        client.send(
            Wire.connect(unique("fast")) + Wire.subscribe(.v4, id: 1, [(topic, 0)])
                + Wire.publish(.v4, topic, "at once") + Wire.pingreq
        )
        try client.expect(Wire.connack(.v4) + Wire.suback(.v4, id: 1, [0]))
        try client.expect(inAnyOrder: [Wire.publish(.v4, topic, "at once"), Wire.pingresp])
    }
}
