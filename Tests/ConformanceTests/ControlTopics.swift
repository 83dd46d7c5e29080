// SPDX-License-Identifier: Apache-2.0
// listSubscriptions and matchTopic: who is subscribed to what.

import Foundation
import TestSupport
import Testing

@Suite("Control API: subscriptions")
struct ControlTopics {
    /// A broker with some subscribers; those that must be kept, and who asks.
    private func start(
        workers: Int
    ) throws -> (clients: [RawClient], control: ControlClient, broker: Broker) {
        let broker = try Broker(BrokerControl.config, workers: workers)
        let subscriptions: [(String, [(String, UInt8)])] = [
            ("a", [("x/+", 1), ("x/y", 2), ("$share/g/x/#", 0)]),
            ("b", [("x/y", 0x0C), ("z", 0)]), ("c", [("$share/g/x/#", 1), ("#", 0)]),
        ]
        let clients = try subscriptions.map { name, filters in
            let client = try RawClient.connected(to: broker, name, .v5)
            for (filter, options) in filters { try client.subscribe(filter, options) }
            return client
        }
        return (clients, try ControlClient(broker), broker)
    }

    private func texts(_ rows: [[String: Any]]) -> [String] {
        rows.map { "\($0["filter"] ?? "") \($0["clientid"] ?? "") \($0["qos"] ?? "")" }
    }

    @Test("Subscriptions are listed by filter, then by client", arguments: reactors)
    func list(workers: Int) throws {
        let (clients, control, broker) = try start(workers: workers)
        let expected = [
            "# c 0", "$share/g/x/# a 0", "$share/g/x/# c 1", "x/+ a 1", "x/y a 2", "x/y b 0",
            "z b 0",
        ]
        let own = "$CONTROL/broker/v1/response"
        for count in [1, 3, 100] {
            let pages = try control.list("listSubscriptions", "subscriptions", ["count": count])
            let rows = pages.flatMap(\.self).filter { $0["filter"] as? String != own }
            #expect(texts(rows) == expected)
        }
        func list(_ arguments: [String: Any]) throws -> [String] {
            texts(
                try control.list("listSubscriptions", "subscriptions", arguments).flatMap(\.self)
            )
        }
        #expect(try list(["filter": "x/*"]) == ["x/+ a 1", "x/y a 2", "x/y b 0"])
        #expect(try list(["share": "g"]) == ["$share/g/x/# a 0", "$share/g/x/# c 1"])
        #expect(try list(["clientid": "b"]) == ["x/y b 0", "z b 0"])
        #expect(try list(["clientid": "a", "filter": "x/y"]) == ["x/y a 2"])
        #expect(try control.error("listSubscriptions", ["clientid": "q"]) == "Client 'q' not found")
        withExtendedLifetime((clients, broker)) {}
    }

    @Test("A topic goes to whom it matches, groups by name", arguments: reactors)
    func match(workers: Int) throws {
        let (clients, control, broker) = try start(workers: workers)
        let data = try control.data("matchTopic", ["topic": "x/y"])
        let rows = try #require(data["subscriptions"] as? [[String: Any]])
        #expect(
            texts(rows) == [
                "# c 0", "$share/g/x/# a 0", "$share/g/x/# c 1", "x/+ a 1", "x/y a 2", "x/y b 0",
            ]
        )
        #expect(rows.compactMap { $0["share"] as? String } == ["g", "g"])
        #expect(rows.last?["no-local"] as? Bool == true)
        #expect(rows.last?["retain-as-published"] as? Bool == true)
        let hidden = try control.data("matchTopic", ["topic": "$SYS/x"])
        #expect(hidden["total"] as? Int == 0)
        #expect(
            try control.error("matchTopic", ["topic": "x/+"]) == "Invalid 'topic': not a topic name"
        )
        withExtendedLifetime((clients, broker)) {}
    }

    @Test("A session with very many subscriptions is looked at in pieces", arguments: reactors)
    func many(workers: Int) throws {
        let broker = try Broker(BrokerControl.config, workers: workers)
        let client = try RawClient.connected(to: broker, "many", .v5)
        for part in 0..<10 {
            let filters = (0..<100).map { ("f/\(1000 + part * 100 + $0)", UInt8(0)) }
            client.send(Wire.subscribe(.v5, id: 1, filters))
            _ = try client.readPacket()
        }
        let control = try ControlClient(broker)
        let pages = try control.list(
            "listSubscriptions",
            "subscriptions",
            ["clientid": "many", "count": 300]
        )
        #expect(pages.map(\.count) == [300, 300, 300, 100])
        let names = pages.flatMap(\.self).compactMap { $0["filter"] as? String }
        #expect(names == (1000..<2000).map { "f/\($0)" })
    }
}
