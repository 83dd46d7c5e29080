// SPDX-License-Identifier: Apache-2.0
// Routes from the cache are what the index would say.

import Testing
import Topics

import struct TestSupport.SplitMix64

@testable import Core

@Suite("RouteCache")
struct RouteCacheTests {
    @Test(
        "After any change a route has the destinations of the index",
        arguments: [UInt64(1), 2, 3]
    )
    func random(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let index = SubscriptionIndex()
        let cache = RouteCache(index: index, reactor: 1)
        let filters = ["a/#", "a/b", "a/+", "+/b", "c", "#", "a/b/c"]
        let topics = ["a", "a/b", "a/c", "c", "x/b", "a/b/c", "none/of/them"]
        var groups = 0
        for _ in 0..<4000 {
            let filter = Array(filters[generator.next(below: filters.count)].utf8)
            let share = generator.next(below: 5) == 0 ? Array("g".utf8) : nil
            let session = SessionHandle(
                reactor: UInt16(generator.next(below: 3)),
                slot: UInt32(generator.next(below: 6)),
                generation: 0
            )
            if generator.next(below: 4) == 0 {
                let destination = Destination(session: session, options: .init(rawValue: 1))
                _ = index.subscribe(
                    filter: filter.span.bytes,
                    shareName: share?.span.bytes,
                    destination: destination
                )
            } else if generator.next(below: 4) == 0 {
                _ = index.unsubscribe(
                    filter: filter.span.bytes,
                    shareName: share?.span.bytes,
                    session: session
                )
            }
            let topic = Array(topics[generator.next(below: topics.count)].utf8)
            var match = MatchResult()
            index.match(topic: topic.span.bytes, into: &match)
            let route = topic.withUnsafeBytes { cache.route($0) }
            #expect(route.generation == index.generation, "seed \(seed)")
            let local = match.destinations.filter { $0.session.reactor == 1 }
            #expect(Array(route.local) == local, "seed \(seed): in the order of the match")
            let remote =
                match.destinations.filter { $0.session.reactor == 0 }
                + match.destinations.filter { $0.session.reactor == 2 }
            #expect(Array(route.remote) == remote, "seed \(seed): reactor by reactor")
            #expect(route.groups.count == match.sharedGroups.count, "seed \(seed)")
            #expect(route.hasGroups == !match.sharedGroups.isEmpty)
            groups += route.groups.count
        }
        #expect(groups > 0, "groups were there")
    }
}
