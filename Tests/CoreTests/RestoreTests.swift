// SPDX-License-Identifier: Apache-2.0
// A stored state comes back to life, and a living one becomes plain values.

import Config
import Inflight
import MQTT
import Net
import Testing
import Topics

@testable import Core

@Suite("Restoring and imaging")
struct RestoreTests {
    private static let now = WallClock().now

    private static func stored(
        _ name: String,
        interval: UInt32 = 100,
        detachedAt: Int64? = now,
        will: MQTT.Will? = nil,
        _ change: (inout SessionImage) -> Void = { _ in }
    ) -> StoredSession {
        var image = SessionImage(
            clientIdentifier: name,
            userName: "u",
            expiryInterval: interval,
            will: will
        )
        change(&image)
        return StoredSession(image: image, listenerPort: 0, detachedAt: detachedAt)
    }

    private static func will(_ topic: String, delay: UInt32) -> MQTT.Will {
        MQTT.Will(
            topic: Array(topic.utf8),
            payload: Array("gone".utf8),
            qos: 1,
            delayInterval: delay
        )
    }

    private static func subscription(_ filter: String) -> SubscriptionImage {
        SubscriptionImage(filter: Array(filter.utf8), shareName: nil, options: 1, identifier: 0)
    }

    private func waiting(_ driven: DrivenBroker, _ name: String) -> [String] {
        guard let session = driven.session(name) else { return ["no session"] }
        return session.outgoing.window.places.map { place in
            session.outgoing[place]
                .withPublication { String(decoding: $0.topic, as: UTF8.self) }
        }
    }

    @Test(
        "Each session is at its home as it was, whatever the number of workers",
        arguments: [1, 2, 4]
    )
    func sessions(workers: Int) throws {
        let driven = try DrivenBroker(workers: workers)
        defer { driven.end() }
        let messages = ["a", "b", "c"].map { SessionRun.message($0) }
        let sessions = (0..<40).map { number in
            Self.stored("s\(number)") { image in
                image.subscriptions = [Self.subscription("f/\(number)")]
                image.outgoing = [0, 2, 1].map {
                    OutgoingImage(
                        message: $0,
                        qos: 1,
                        isRetained: false,
                        subscriptionIdentifier: UInt32(number),
                        progress: $0 == 0 ? .published(identifier: 7) : .queued
                    )
                }
                image.incoming = [IncomingImage(identifier: 9, message: 1)]
                image.lastIdentifier = 9
            }
        }
        driven.restore(PlainState(sessions, messages: messages, retained: [1]))
        #expect(driven.broker.census.sessionCount == 40)
        #expect(driven.broker.retained.count == 1)
        #expect(driven.broker.subscriptions.subscriptionCount == 40)
        for session in sessions {
            let found = try #require(driven.session(session.image.clientIdentifier))
            let image = found.image { message in
                MessageNumber(messages.firstIndex { $0.storage === message.storage } ?? 9)
            }
            #expect(image == session.image)
            #expect(found.identity.userName == "u")
        }
    }

    @Test("Wills are published when they are due, to sessions on any worker", arguments: [1, 2, 4])
    func wills(workers: Int) throws {
        let driven = try DrivenBroker(workers: workers)
        defer { driven.end() }
        let watchers = (0..<6).map { number in
            Self.stored("watcher\(number)", interval: .max) {
                $0.subscriptions = [Self.subscription("w/#")]
            }
        }
        let leaving = [
            Self.stored("ended", interval: 0, will: Self.will("w/ended", delay: 30)),
            Self.stored("due", detachedAt: Self.now - 40, will: Self.will("w/due", delay: 30)),
            Self.stored("soon", detachedAt: Self.now - 40, will: Self.will("w/soon", delay: 60)),
            Self.stored("over", detachedAt: Self.now - 140, will: Self.will("w/over", delay: 900)),
            Self.stored("later", detachedAt: Self.now - 40, will: Self.will("w/later", delay: 900)),
        ]
        driven.restore(PlainState(leaving + watchers))
        driven.settle()
        #expect(driven.session("ended") == nil)
        #expect(driven.session("over") == nil)
        #expect(driven.broker.census.sessionCount == 9)
        let early: Set = ["w/ended", "w/due", "w/over"]
        for number in 0..<6 { #expect(Set(waiting(driven, "watcher\(number)")) == early) }
        driven.advance(seconds: 22)
        driven.settle()
        for number in 0..<6 { #expect(waiting(driven, "watcher\(number)").last == "w/soon") }
        #expect(driven.session("soon") != nil)
        driven.advance(seconds: 40)
        driven.settle()
        for number in 0..<6 { #expect(waiting(driven, "watcher\(number)").last == "w/later") }
        #expect(driven.session("later") == nil)
        #expect(driven.workers.reduce(0) { $0 + $1.counters.clientsExpired.current } == 4)
    }

    @Test("A session that was connected at the end begins to wait at the start")
    func connected() throws {
        let driven = try DrivenBroker()
        defer { driven.end() }
        var configuration = Configuration()
        configuration.listeners = driven.configuration.listeners
        configuration.persistentClientExpiration = 50
        driven.configuration.persistentClientExpiration = 50
        driven.reload()
        driven.settle()
        driven.restore(
            PlainState([
                Self.stored("finite", detachedAt: nil), Self.stored("endless", interval: .max),
                Self.stored("future", interval: 10, detachedAt: Self.now + 1_000_000),
            ])
        )
        driven.advance(seconds: 12)
        driven.settle()
        #expect(driven.session("future") == nil, "a clock that has gone back")
        #expect(driven.session("finite") != nil)
        driven.advance(seconds: 40)
        driven.settle()
        #expect(driven.broker.census.sessionCount == 0)
    }

    @Test("A state is imaged in slices, without what ends meanwhile", arguments: [1, 2])
    func slices(workers: Int) throws {
        let driven = try DrivenBroker(workers: workers)
        defer { driven.end() }
        let messages = (0..<300).map { SessionRun.message("t/\($0)") }
        let sessions = (0..<1500).map { number in
            Self.stored("s\(number)") { image in
                image.outgoing = (0..<4).map {
                    OutgoingImage(
                        message: MessageNumber((number + $0) % 300),
                        qos: 1,
                        isRetained: false,
                        subscriptionIdentifier: 0
                    )
                }
            }
        }
        let state = PlainState(sessions, messages: messages, retained: (0..<300).map { $0 })
        driven.restore(state)
        driven.settle()
        let collector = try SnapshotCollector(workers: workers)
        for worker in driven.workers {
            worker.collectState(WallClock()) { collector.add($0) }
        }
        driven.turn()
        // Whether seen already or not.
        for number in 0..<100 {
            let name = "s\(number * 15)"
            if let session = driven.session(name) {
                driven.workers[driven.broker.home(of: name)].end(session)
            }
        }
        driven.settle()
        let snapshot = collector.wait()
        let found = Array(snapshot.sessions.joined())
        #expect(found.count == 1400)
        #expect(Set(found.map(\.session.image.clientIdentifier)).count == 1400)
        #expect(snapshot.retained.joined().count == 300)
        let addresses = Set(messages.map(\.address))
        for session in found {
            #expect(session.messages.count == 4)
            #expect(session.session.detachedAt.map { abs($0 - Self.now) <= 60 } == true)
            #expect(session.session.image.outgoing.allSatisfy { addresses.contains($0.message) })
        }
    }
}
