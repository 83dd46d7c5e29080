// SPDX-License-Identifier: Apache-2.0
// A recorded broker with clients, for tests that tell what these do.

import Config
import Persist
import Testing

@testable import Core

/// A driven broker with a session log, and the clients of one test.
final class RecordedScene {
    let driven: DrivenBroker
    let recorded: RecordedBroker

    init(
        _ configuration: Configuration = Configuration(),
        workers: Int = 1,
        hooks: (any Hooks)? = nil,
        checkpointAt byteCount: UInt64 = 1 << 30,
        bufferByteCount: Int = 16 << 20
    ) throws {
        driven = try DrivenBroker(configuration, workers: workers, hooks: hooks)
        recorded = try RecordedBroker(
            driven,
            checkpointAt: byteCount,
            bufferByteCount: bufferByteCount
        )
    }

    func end() {
        recorded.gate.mode = .open
        driven.end()
        recorded.end()
    }

    /// A client identifier that begins so and is at home on this worker.
    func name(_ beginning: String, on worker: Int) -> String {
        var name = beginning
        while driven.broker.home(of: name) != worker { name += "x" }
        return name
    }

    /// A client that is inside.
    func client(_ name: String, isClean: Bool = true) throws -> Peer {
        let peer = try driven.connect(to: driven.broker.home(of: name))
        peer.send(Wire.connect(name, isClean: isClean))
        #expect(recorded.awaitSafety())
        peer.read()
        #expect(peer.packet()?.first == 0x20, "\(name) is let in")
        return peer
    }

    /// A client that subscribes, with a session that stays, and goes.
    func leave(_ name: String, subscribedTo filters: [String], qos: UInt8) throws {
        let peer = try client(name, isClean: false)
        peer.send(Wire.subscribe(filters, qos: qos))
        #expect(recorded.awaitSafety())
        peer.send(Wire.disconnect)
        peer.close()
        driven.settle()
    }

    /// Looks whether each message of QoS 2, once received, is at any moment either with its
    /// publisher's session or on its way to each of those who get it, and there once.
    func expectOnce(_ messages: [String], by publisher: String, for takers: [String]) throws {
        var received: Set<String> = []
        for state in try recorded.afterEachFrame() {
            let incoming = state.incoming(publisher)
            received.formUnion(incoming)
            for message in messages where received.contains(message) {
                for taker in takers {
                    let count =
                        (incoming + state.outgoing(taker)).count { $0 == message }
                    #expect(count == 1, "\(message) is \(count) times with \(taker)")
                }
            }
        }
        #expect(received == Set(messages), "all of them were received")
    }
}
