// SPDX-License-Identifier: Apache-2.0
// What bridges subscribe to, and what topics are called on the other side.

import Config
import Testing

import struct TestSupport.SplitMix64

@testable import Core

@Suite("Topics of a bridge")
struct BridgeTopicMapTests {
    private static func topic(
        _ pattern: String,
        _ direction: BridgeTopic.Direction = .both,
        qos: Int = 0,
        _ local: String = "",
        _ remote: String = ""
    ) -> BridgeTopic {
        BridgeTopic(
            pattern: pattern,
            direction: direction,
            qos: qos,
            localPrefix: local,
            remotePrefix: remote
        )
    }

    private static func text(_ topic: String, _ mapped: MappedTopic) -> String? {
        switch mapped {
        case .same: topic
        case .changed(let prefix, let rest): String(decoding: prefix + rest, as: UTF8.self)
        case .none: nil
        }
    }

    private static func remote(_ map: BridgeTopicMap, _ topic: String) -> String? {
        Array(topic.utf8).withUnsafeBytes { text(topic, map.remoteName(of: $0)) }
    }

    private static func local(_ map: BridgeTopicMap, _ topic: String) -> String? {
        Array(topic.utf8).withUnsafeBytes { text(topic, map.localName(of: $0)) }
    }

    @Test("Directions decide who subscribes where")
    func directions() {
        let topics = [
            Self.topic("a/#", .out, qos: 1, "l/", "r/"),
            Self.topic("b/#", .in, qos: 2, "l/", "r/"),
            Self.topic("c", .both),
            Self.topic("d", .out),
            Self.topic("d", .in),
        ]
        let map = BridgeTopicMap(topics)
        #expect(
            map.local.map { String(decoding: $0.filter, as: UTF8.self) } == ["l/a/#", "c", "d"]
        )
        #expect(map.local.map(\.qos) == [1, 0, 0])
        let requests = BridgeTopicMap.requests(topics).map { request in
            switch request {
            case .subscribe(let wanted):
                "\(String(decoding: wanted.filter, as: UTF8.self)) \(wanted.qos)"
            case .unsubscribe(let filter): "not \(String(decoding: filter, as: UTF8.self))"
            }
        }
        #expect(requests == ["not r/a/#", "r/b/# 2", "c 0", "d 0"])
    }

    @Test("Without prefixes nothing is mapped")
    func plain() {
        let map = BridgeTopicMap([Self.topic("#")])
        #expect(!map.mapsOutgoing && !map.mapsIncoming)
        #expect(Self.remote(map, "a/b") == "a/b")
        #expect(Self.local(map, "a/b") == "a/b")
    }

    @Test(
        "Prefixes are exchanged",
        arguments: [
            ("l/", "r/", "l/x", "r/x"),
            ("", "r/", "x", "r/x"),
            ("l/", "", "l/x", "x"),
            ("l", "r", "lx", "rx"),
            ("a/b/c/", "d/", "a/b/c/x/y", "d/x/y"),
        ]
    )
    func prefixes(local: String, remote: String, here: String, there: String) {
        let map = BridgeTopicMap([Self.topic("#", .both, local, remote)])
        guard local.hasSuffix("/") || local.isEmpty else {
            // Glued without a slash, `l#` would be no filter: such a line has an exact pattern.
            let exact = BridgeTopicMap([Self.topic("x", .both, local, remote)])
            #expect(Self.remote(exact, here) == there)
            #expect(Self.local(exact, there) == here)
            return
        }
        #expect(Self.remote(map, here) == there)
        #expect(Self.local(map, there) == here)
        #expect(Self.remote(map, "other/x") == (local.isEmpty ? remote + "other/x" : "other/x"))
    }

    @Test("An empty pattern maps one topic to another")
    func single() {
        let map = BridgeTopicMap([Self.topic("", .both, "here/t", "there/u")])
        #expect(Self.remote(map, "here/t") == "there/u")
        #expect(Self.remote(map, "here/t/x") == "here/t/x")
        #expect(Self.local(map, "there/u") == "here/t")
    }

    @Test("The first line with a prefix and the right direction counts")
    func order() {
        let map = BridgeTopicMap([
            Self.topic("l/a/#", .both),
            Self.topic("a/#", .in, "l/", "in/"),
            Self.topic("a/b", .out, "l/", "first/"),
            Self.topic("a/#", .out, "l/", "second/"),
        ])
        #expect(Self.remote(map, "l/a/b") == "first/a/b")
        #expect(Self.remote(map, "l/a/c") == "second/a/c")
        #expect(Self.local(map, "in/a/c") == "l/a/c")
        #expect(Self.local(map, "second/a/c") == "second/a/c")
    }

    @Test(
        "A topic that the filter matches without the prefix keeps its name behind the other prefix"
    )
    func parent() {
        let map = BridgeTopicMap([Self.topic("#", .both, "l/", "r/")])
        #expect(Self.remote(map, "l") == "r/l")
        #expect(Self.remote(map, "l/") == "r/")
        let bare = BridgeTopicMap([Self.topic("#", .both, "l/", "")])
        #expect(Self.remote(bare, "l/") == nil)
    }

    @Test("A name that would be longer than a topic can be is none")
    func length() {
        let map = BridgeTopicMap([Self.topic("#", .both, "", "r/")])
        let longest = String(repeating: "x", count: 65_533)
        #expect(Self.remote(map, longest) == "r/" + longest)
        #expect(Self.remote(map, longest + "x") == nil)
        #expect(Self.local(map, "r/" + longest) == longest)
    }

    @Test("There and back is where it was", arguments: [UInt64(1), 2, 3, 4])
    func back(seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        func word() -> String {
            (0...generator.next(below: 3)).map { _ in ["a", "b", "ab"][generator.next(below: 3)] }
                .joined(separator: "/") + "/"
        }
        for _ in 0..<500 {
            let (local, remote) = (word(), word())
            let map = BridgeTopicMap([Self.topic("#", .both, local, remote)])
            let topic = local + word() + "end"
            let there = Self.remote(map, topic)
            #expect(there == remote + topic.dropFirst(local.count), "seed \(seed)")
            #expect(there.flatMap { Self.local(map, $0) } == topic, "seed \(seed)")
        }
    }
}
