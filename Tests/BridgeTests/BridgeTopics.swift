// SPDX-License-Identifier: Apache-2.0
// The topics of bridges: what is asked of the remote, and what topics are called on the other side.

import TestSupport
import Testing

/// A `topic` line and what it makes of a topic.
private struct Mapping: CustomTestStringConvertible, Sendable {
    let lines: String
    let local: String
    let remote: String

    init(_ lines: String, _ local: String, _ remote: String) {
        self.lines = lines
        self.local = local
        self.remote = remote
    }

    var testDescription: String { "\(lines): \(local) is \(remote)" }

    static let all = [
        Mapping("topic # DIR 0", "a/b", "a/b"),
        Mapping("topic # DIR 0 l/ r/", "l/a/b", "r/a/b"),
        Mapping("topic # DIR 0 l/", "l/a", "a"),
        Mapping("topic # DIR 0 \"\" r/", "a", "r/a"),
        Mapping("topic ic/+ DIR 0 local4/top remote4/tip", "local4/topic/x", "remote4/tipic/x"),
        Mapping("topic \"\" DIR 0 local/topic remote/other", "local/topic", "remote/other"),
        Mapping("topic \"sp ace/#\" DIR 0 l/ r/", "l/sp ace/x", "r/sp ace/x"),
        Mapping("topic a/# DIR 0 l/ r/", "l/a", "r/a"),
        Mapping("topic +/x DIR 0 l/ r/", "l//x", "r//x"),
        // The first line that matches counts.
        Mapping("topic a/# DIR 0 l/ first/\ntopic # DIR 0 l/ second/", "l/a/b", "first/a/b"),
        Mapping("topic a/# DIR 0 l/ first/\ntopic # DIR 0 l/ second/", "l/b", "second/b"),
        // Lines without prefix are not looked at.
        Mapping("topic l/# DIR 0\ntopic # DIR 0 l/ r/", "l/a", "r/a"),
    ]

    func lines(_ direction: String) -> String { lines.replacing("DIR", with: direction) }
    var count: Int { lines.split(separator: "\n").count }
}

@Suite("Topics of bridges")
struct BridgeTopics {
    @Test(
        "The remote is asked for what comes in, and not for what goes out",
        arguments: [
            ("topic t", [BridgeRequest("t", nil)]),
            ("topic t out 2 l/ r/", [BridgeRequest("r/t", nil)]),
            ("topic t in", [BridgeRequest("t", 0)]),
            ("topic t in 2 l/ r/", [BridgeRequest("r/t", 2)]),
            ("topic t both 1", [BridgeRequest("t", 1)]),
            ("topic a in 1\ntopic b both 2", [BridgeRequest("a", 1), BridgeRequest("b", 2)]),
            ("topic a in 1\ntopic b out", [BridgeRequest("a", 1), BridgeRequest("b", nil)]),
            ("topic b in\ntopic a out\nbridge_attempt_unsubscribe false", [BridgeRequest("b", 0)]),
        ],
        [Version.v4, .v5]
    )
    func requests(row: (lines: String, requests: [BridgeRequest]), version: Version) throws {
        let scene = try BridgeScene(
            row.lines + (version == .v5 ? "\nbridge_protocol_version mqttv50" : ""),
            workers: 1
        )
        let connection = try scene.open(version, requests: 0)
        let requests = try connection.grant(row.requests.count)
        // No Local and Retain As Published.
        let expected = row.requests.map { request in
            BridgeRequest(request.filter, request.options.map { version == .v5 ? $0 | 0x0C : $0 })
        }
        #expect(requests == expected)
        let client = try scene.client()
        client.publish("none")
        try client.expectSilence()
        #expect(connection.nextPacket(seconds: 0.05) == nil)
    }

    @Test("What goes out is called as configured", arguments: Mapping.all, [Version.v4, .v5])
    fileprivate func outgoing(mapping: Mapping, version: Version) throws {
        let scene = try BridgeScene(
            mapping.lines("out") + (version == .v5 ? "\nbridge_protocol_version mqttv50" : ""),
            workers: 1
        )
        let connection = try scene.open(version, requests: mapping.count)
        let client = try scene.client()
        client.publish(mapping.local, "m")
        #expect(try connection.takePublish().topic == mapping.remote)
    }

    @Test("What comes in is called as configured", arguments: Mapping.all, [Version.v4, .v5])
    fileprivate func incoming(mapping: Mapping, version: Version) throws {
        let scene = try BridgeScene(
            mapping.lines("in") + (version == .v5 ? "\nbridge_protocol_version mqttv50" : ""),
            workers: 1
        )
        let connection = try scene.open(version, requests: mapping.count)
        let client = try scene.client()
        try client.subscribe("#")
        connection.send(Wire.publish(version, mapping.remote, "m"))
        try client.expectPublish(mapping.local, "m")
    }

    @Test("Directions are apart: what comes in is not called as what goes out", arguments: reactors)
    func directions(workers: Int) throws {
        let scene = try BridgeScene(
            "topic # out 0 lo/ ro/\ntopic # in 0 li/ ri/\ntopic # both 0 lb/ rb/",
            workers: workers
        )
        let connection = try scene.open(requests: 3)
        let client = try scene.client()
        try client.subscribe("#")
        for (remote, local) in [("ro/a", "ro/a"), ("ri/a", "li/a"), ("rb/a", "lb/a"), ("x", "x")] {
            connection.send(Wire.publish(.v4, remote, "m"))
            try client.expectPublish(local, "m")
        }
        let publisher = try scene.client()
        for topic in ["li/b", "x", "lo/b", "lb/b"] { publisher.publish(topic, "m") }
        #expect(try connection.takePublish().topic == "ro/b")
        #expect(try connection.takePublish().topic == "rb/b")
    }

    @Test(
        "What is published on the remote's side of a bridge does not come back",
        arguments: reactors
    )
    func noEcho(workers: Int) throws {
        let scene = try BridgeScene("topic # both 1", workers: workers)
        let connection = try scene.open(requests: 1)
        let client = try scene.client()
        try client.subscribe("#")
        connection.send(Wire.publish(.v4, "a", "m", qos: 1, id: 7))
        try connection.expect(Wire.puback(7))
        try client.expectPublish("a", "m")
        client.publish("b", "n")
        #expect(try connection.takePublish().topic == "b")
    }

    @Test(
        "A topic of the remote with a wildcard ends the connection",
        arguments: ["a/+", "#", "a\u{0}"]
    )
    func wildcard(topic: String) throws {
        let scene = try BridgeScene("topic # in", workers: 1)
        let connection = try scene.open(requests: 1)
        connection.send(Wire.publish(.v4, topic, "m"))
        try connection.expectClosed()
        _ = try scene.open(requests: 1)
    }

    @Test("A topic that would be too long on the other side is left out", .enabled(if: isOwn))
    func tooLong() throws {
        let scene = try BridgeScene("topic # both 1 \"\" remote/", workers: 1)
        let connection = try scene.open(requests: 1)
        let client = try scene.client()
        client.publish(String(repeating: "x", count: 65_535 - 6))
        client.publish(String(repeating: "y", count: 65_535 - 7))
        let taken = try connection.takePublish()
        #expect(taken.topic == "remote/" + String(repeating: "y", count: 65_535 - 7))
        // What remains of a topic may be nothing.
        try client.subscribe("#")
        connection.send(Wire.publish(.v4, "remote/", "m", qos: 1, id: 1))
        connection.send(Wire.publish(.v4, "remote/z", "m", qos: 1, id: 2))
        try connection.expect(Wire.puback(1))
        try connection.expect(Wire.puback(2))
        try client.expectPublish("z", "m")
    }

    @Test(
        "Lines that overlap send a message once each, or once in all before 5.0 where that is wanted",
        .enabled(if: isOwn),
        arguments: [
            (Version.v4, "", 2), (.v4, "allow_duplicate_messages false", 1), (.v5, "", 2),
            (.v5, "allow_duplicate_messages false", 2),
        ],
        reactors
    )
    func overlapping(row: (version: Version, head: String, count: Int), workers: Int) throws {
        let version = row.version == .v5 ? "mqttv50" : "mqttv311"
        let scene = try BridgeScene(
            "topic a/# out 0\ntopic a/b out 0\nbridge_protocol_version \(version)",
            head: row.head,
            workers: workers
        )
        let connection = try scene.open(row.version, requests: 2)
        let client = try scene.client()
        client.publish("a/b", "m")
        client.publish("a/c", "end")
        var payloads: [String] = []
        while payloads.last != "end" { payloads.append(try connection.takePublish().payload) }
        #expect(payloads.count == row.count + 1)
    }
}
