// SPDX-License-Identifier: Apache-2.0
// A CONNACK that waits for the disk does so for as long as a login may take.

import Config
import Testing

@testable import Core

@Suite("The deadline of a CONNACK that waits")
struct EntryDeadlineTests {
    /// Holds back everything that is for one client.
    private final class Holder: AnswerHolder {
        private let name: String
        private(set) var last: UInt64 = 0

        init(_ name: String) { self.name = name }

        func ticket(for answer: HeldAnswer, of session: Session) -> UInt64 {
            guard session.identity.clientIdentifier.hasPrefix(name) else { return 0 }
            last += 1
            return last
        }
    }

    private let driven: DrivenBroker
    private let home: Worker
    private let holder: Holder
    /// A client identifier whose home is the first worker.
    private let name: String

    init() throws {
        var configuration = Configuration()
        configuration.authTimeout = 5
        let driven = try DrivenBroker(configuration, workers: 2)
        self.driven = driven
        home = driven.workers[0]
        name = try #require(
            (0..<1000).lazy.map { "slow\($0)" }.first { driven.broker.home(of: $0) == 0 }
        )
        holder = Holder(name)
        home.answerHolder = holder
    }

    private func end() {
        home.answerHolder = nil
        driven.end()
    }

    private func connect(_ version: UInt8) -> [UInt8] {
        Wire.connect(
            name,
            isClean: false,
            version: version,
            expiry: version == 5 ? 1000 : nil,
            will: ("will", 0)
        )
    }

    @Test(
        "Who has waited for too long is refused without its will, at home and from elsewhere",
        arguments: [0, 1],
        [4, 5] as [UInt8]
    )
    func stuck(accepting: Int, version: UInt8) throws {
        defer { end() }
        let watcher = try driven.connect()
        watcher.send(Wire.connect("watcher") + Wire.subscribe(["will"], qos: 0))
        driven.settle()
        watcher.read()
        while watcher.packet() != nil {}
        // The time for CONNECT is over soon; that for CONNACK begins with CONNECT.
        let peer = try driven.connect(to: accepting)
        driven.advance(seconds: 28)
        driven.settle()
        peer.send(connect(version))
        driven.settle()
        driven.advance(seconds: 4)
        driven.settle()
        peer.read()
        #expect(peer.received == [] && !peer.isClosed, "there is time left")
        driven.advance(seconds: 3)
        driven.settle()
        peer.read()
        #expect(peer.received == (version == 5 ? [0x20, 3, 0, 0x88, 0] : [0x20, 2, 0, 3]))
        #expect(peer.isClosed)
        let session = try #require(home.sessions[name])
        #expect(session.peer == nil && session.will == nil)
        watcher.read()
        #expect(watcher.received == [], "the will of a client that was refused")
        // It comes again, and finds the disk working.
        home.releaseAnswers(upTo: holder.last)
        #expect(home.holdingPeers.isEmpty)
        let again = try driven.connect(to: accepting)
        again.send(connect(version))
        driven.settle()
        home.releaseAnswers(upTo: holder.last)
        driven.settle()
        again.read()
        #expect(again.received.first == 0x20 && again.received[3] == 0)
    }

    @Test("Who is let in in time stays", arguments: [0, 1])
    func inTime(accepting: Int) throws {
        defer { end() }
        let peer = try driven.connect(to: accepting)
        peer.send(connect(4))
        driven.settle()
        driven.advance(seconds: 4)
        driven.settle()
        home.releaseAnswers(upTo: holder.last)
        driven.settle()
        driven.advance(seconds: 1000)
        driven.settle()
        peer.read()
        #expect(peer.received == [0x20, 2, 0, 0] && !peer.isClosed)
    }

    @Test("Those who come and leave while nothing is let go are not kept")
    func comingAndLeaving() throws {
        defer { end() }
        for _ in 0..<1000 {
            let peer = try driven.connect()
            peer.send(connect(4))
            driven.settle()
            peer.close()
            driven.settle()
        }
        #expect(home.holdingPeers.count <= Worker.holdingCountMin)
        #expect(home.holdingPeers.count { $0.stage != .ended } == 0)
    }
}
