// SPDX-License-Identifier: Apache-2.0
// listRetained, getRetained and deleteRetained.

import Foundation
import TestSupport
import Testing

@Suite("Control API: retained messages")
struct ControlRetained {
    private func start(_ config: String = "", workers: Int) throws -> (Broker, ControlClient) {
        let broker = try Broker(BrokerControl.config + config, workers: workers)
        let publisher = try RawClient.connected(to: broker, "pub", .v5, username: "u")
        for number in 0..<30 {
            publisher.publish("r/\(10 + number)", "p\(number)", retain: true)
        }
        try publisher.publish1("<b>", "x", retain: true, reason: 16)
        return (broker, try ControlClient(broker))
    }

    private func topics(_ pages: [[[String: Any]]]) -> [String] {
        pages.flatMap(\.self).compactMap { $0["topic"] as? String }
    }

    @Test("Retained messages are listed by topic, page by page", arguments: reactors)
    func list(workers: Int) throws {
        let (broker, control) = try start(workers: workers)
        let all = (10..<40).map { "r/\($0)" }
        for count in [1, 7, 100] {
            let pages = try control.list(
                "listRetained",
                "messages",
                ["filter": "r/+", "count": count]
            )
            #expect(topics(pages) == all)
        }
        #expect(topics(try control.list("listRetained", "messages")) == ["<b>"] + all)
        let exact = try control.data("listRetained", ["filter": "r/12"])
        let row = try #require((exact["messages"] as? [[String: Any]])?.first)
        #expect(row["payload-bytes"] as? Int == 2 && row["clientid"] as? String == "pub")
        #expect(row["username"] as? String == "u" && row["qos"] as? Int == 0)
        #expect(
            try control.error("listRetained", ["filter": "a#"])
                == "Invalid 'filter': not a topic filter"
        )
        withExtendedLifetime(broker) {}
    }

    @Test("A message is shown with its payload, as text or as Base64", arguments: reactors)
    func get(workers: Int) throws {
        let (broker, control) = try start(workers: workers)
        func message(_ arguments: [String: Any]) throws -> [String: Any] {
            let data = try control.data("getRetained", arguments)
            return try #require(data["message"] as? [String: Any])
        }
        #expect(try message(["topic": "r/13"])["payload"] as? String == "p3")
        let cut = try message(["topic": "r/23", "max-bytes": 2])
        #expect(cut["payload"] as? String == "p1" && cut["is-cut"] as? Bool == true)
        #expect(cut["payload-bytes"] as? Int == 3)
        var bytes = Wire.publish(.v5, "bin", "xy", qos: 1, id: 3, retain: true)
        bytes[bytes.count - 2] = 0xFF
        control.client.send(bytes)
        try control.client.expect(Wire.puback(3, 16))
        let binary = try message(["topic": "bin"])
        #expect(binary["payload"] == nil && binary["payload-base64"] as? String == "/3k=")
        #expect(
            try control.error("getRetained", ["topic": "none"])
                == "No message is retained for 'none'"
        )
        withExtendedLifetime(broker) {}
    }

    @Test("What matches is deleted, for good", arguments: reactors)
    func delete(workers: Int) throws {
        let folder = try PersistenceFolder()
        let broker = try folder.start(workers: workers, "enable_control_api true\n")
        let publisher = try RawClient.connected(to: broker, "pub", .v5)
        for number in 10..<40 {
            try publisher.publish1("r/\(number)", "p", retain: true, reason: 16)
        }
        let control = try ControlClient(broker)
        let dry = try control.data("deleteRetained", ["filter": "r/#", "dry-run": true])
        #expect(dry["count"] as? Int == 30)
        #expect((dry["topics"] as? [String])?.prefix(2) == ["r/10", "r/11"])
        #expect(try control.data("deleteRetained", ["filter": "r/39"])["count"] as? Int == 1)
        #expect(try control.data("listRetained")["total"] as? Int == 29)
        #expect(try control.data("deleteRetained", ["filter": "r/+"])["count"] as? Int == 29)
        #expect(try control.data("listRetained")["total"] as? Int == 0)
        #expect(try control.error("deleteRetained") == "Missing 'filter'")
        try broker.stop()
        let again = try folder.start(workers: workers, "enable_control_api true\n")
        #expect(try ControlClient(again).data("listRetained")["total"] as? Int == 0)
    }
}
