// SPDX-License-Identifier: Apache-2.0
// listClients and getClient: who is there, page by page.

import Foundation
import TestSupport
import Testing

@Suite("Control API: clients")
struct ControlClients {
    private func names(_ rows: [[String: Any]]) -> [String] {
        rows.compactMap { $0["clientid"] as? String }
    }

    /// A broker with clients `n00` … and the one that asks.
    private func start(
        _ count: Int,
        workers: Int
    ) throws -> (Broker, [RawClient], ControlClient) {
        let broker = try Broker(BrokerControl.config + "max_queued_messages 3\n", workers: workers)
        let clients = try (0..<count).map { number in
            let name = "n" + (number < 10 ? "0" : "") + "\(number)"
            return try RawClient.connected(to: broker, name, .v5, username: "user\(number % 2)")
        }
        return (broker, clients, try ControlClient(broker))
    }

    @Test("A client is told of as it is", arguments: reactors)
    func one(workers: Int) throws {
        let broker = try Broker(BrokerControl.config, workers: workers)
        let will = Will("gone/x", "bye", qos: 1)
        let client = try RawClient.connected(
            to: broker,
            "one",
            .v5,
            keepAlive: 33,
            username: "u",
            properties: [0x11, 0, 0, 0, 90],
            will: will
        )
        try client.subscribe("a/#", 1)
        let control = try ControlClient(broker)
        let data = try control.data("getClient", ["clientid": "one"])
        let entry = try #require(data["client"] as? [String: Any])
        #expect(entry["clientid"] as? String == "one" && entry["state"] as? String == "connected")
        #expect(entry["username"] as? String == "u" && entry["address"] as? String == "127.0.0.1")
        #expect(entry["listener"] as? String == "\(broker.port)")
        #expect(entry["transport"] as? String == "tcp")
        #expect(entry["protocol-version"] as? String == "5.0")
        #expect(entry["keep-alive"] as? Int == 33 && entry["clean-start"] as? Bool == true)
        #expect(entry["session-expiry"] as? Int == 90 && entry["subscriptions"] as? Int == 1)
        let told = try #require(entry["will"] as? [String: Any])
        #expect(told["topic"] as? String == "gone/x" && told["qos"] as? Int == 1)
        let since = try #require(entry["connected-since"] as? String)
        let date = try Date(since, strategy: .iso8601)
        #expect(abs(date.timeIntervalSinceNow) < 10)
        #expect(try control.error("getClient", ["clientid": "two"]) == "Client 'two' not found")
        #expect(try control.error("getClient") == "Missing 'clientid'")
    }

    @Test("Who has left is offline for as long as its session lives", arguments: reactors)
    func offline(workers: Int) throws {
        let broker = try Broker(BrokerControl.config + "max_queued_messages 3\n", workers: workers)
        let away = try RawClient.connected(
            to: broker,
            "away",
            .v5,
            properties: [0x11, 0, 0, 0, 90]
        )
        try away.subscribe("a", 1)
        away.send([0xE0, 0])
        try away.expectClosed()
        let control = try ControlClient(broker)
        for id in 1...5 {
            try control.client.publish1("a", "x", id: id)
        }
        let rows = try control.list("listClients", "clients", ["state": "offline"])
        let row = try #require(rows.first?.first)
        #expect(names(rows.flatMap(\.self)) == ["away"])
        #expect(row["queued"] as? Int == 3 && row["dropped"] as? Int == 2)
        let left = try Date(#require(row["disconnected-since"] as? String), strategy: .iso8601)
        let end = try Date(#require(row["expires-at"] as? String), strategy: .iso8601)
        #expect(abs(end.timeIntervalSince(left) - 90) <= 1)
        for order in ["queued", "dropped"] {
            let first = try control.data("listClients", ["order": order, "count": 1])
            #expect(names(try #require(first["clients"] as? [[String: Any]])) == ["away"])
        }
    }

    @Test("Pages together are the list, in order, each client once", arguments: reactors)
    func pages(workers: Int) throws {
        let (broker, clients, control) = try start(25, workers: workers)
        let expected = (0..<25).map { "n" + ($0 < 10 ? "0" : "") + "\($0)" }
        for count in [1, 7, 25, 100] {
            let pages = try control.list(
                "listClients",
                "clients",
                ["count": count, "pattern": "n*"]
            )
            #expect(names(pages.flatMap(\.self)) == expected)
            #expect(pages.dropLast().allSatisfy { $0.count == count })
        }
        let order = "connected-since"
        let newest = try control.list("listClients", "clients", ["order": order, "count": 4])
        #expect(Set(names(newest.flatMap(\.self))).isSuperset(of: expected))
        #expect(newest.flatMap(\.self).count == 26)
        withExtendedLifetime((broker, clients)) {}
    }

    @Test("A list goes on behind its cursor, whoever comes and goes meanwhile", arguments: reactors)
    func movingSet(workers: Int) throws {
        let (broker, clients, control) = try start(10, workers: workers)
        let first = try control.data("listClients", ["count": 5, "pattern": "n*"])
        #expect(names(try #require(first["clients"] as? [[String: Any]])).last == "n04")
        let cursor = try #require(first["cursor"] as? String)
        // The one the cursor names has gone, one before and one behind have come.
        for index in [4, 7] {
            clients[index].send([0xE0, 0])
            try clients[index].expectClosed()
        }
        let more = try ["n001", "n051"].map { try RawClient.connected(to: broker, $0, .v5) }
        let rest = try control.list(
            "listClients",
            "clients",
            ["count": 2, "pattern": "n*", "cursor": cursor]
        )
        #expect(names(rest.flatMap(\.self)) == ["n05", "n051", "n06", "n08", "n09"])
        let wrong = "Invalid 'cursor': not one of a list in this order"
        #expect(try control.error("listClients", ["cursor": cursor, "order": "queued"]) == wrong)
        #expect(try control.error("listClients", ["cursor": "x"]) == wrong)
        withExtendedLifetime(more) {}
    }

    @Test("Filters are all to fit", arguments: reactors)
    func filters(workers: Int) throws {
        let (broker, clients, control) = try start(12, workers: workers)
        func list(_ arguments: [String: Any]) throws -> [String] {
            names(try control.list("listClients", "clients", arguments).flatMap(\.self))
        }
        #expect(
            try list(["username": "user1", "pattern": "n0?"]) == [
                "n01", "n03", "n05", "n07", "n09",
            ]
        )
        #expect(try list(["address": "127.*", "pattern": "n11"]) == ["n11"])
        #expect(try list(["address": "10.*"]).isEmpty)
        #expect(try list(["listener": broker.port, "pattern": "n1*"]) == ["n10", "n11"])
        #expect(try list(["listener": "1"]).isEmpty)
        #expect(try list(["state": "offline"]).isEmpty)
        for (key, value) in [("state", "gone"), ("order", "size")] {
            #expect(try control.error("listClients", [key: value]).hasPrefix("Invalid '\(key)'"))
        }
        #expect(try control.error("listClients", ["count": 1001]).hasPrefix("Invalid 'count'"))
        withExtendedLifetime(clients) {}
    }

    @Test("Hostile names come out as they are", arguments: reactors)
    func hostile(workers: Int) throws {
        let broker = try Broker(BrokerControl.config, workers: workers)
        let names = [
            #"<script>alert("1")</script>"#, "\u{202E}gnp.exe", "e\u{301}",
            "q\"\\/\u{1F600}", String(repeating: "x", count: 65_535),
        ]
        let clients = try names.map { try RawClient.connected(to: broker, $0, .v4) }
        let control = try ControlClient(broker)
        for name in names {
            let data = try control.data("getClient", ["clientid": name])
            let client = try #require(data["client"] as? [String: Any])
            #expect(client["clientid"] as? String == name)
        }
        let long = try control.error("getClient", ["clientid": names[4] + "y"])
        #expect(long.utf8.count < 300)
        withExtendedLifetime(clients) {}
    }

    @Test("An overview counts what is there", arguments: reactors)
    func overview(workers: Int) throws {
        let (broker, clients, control) = try start(3, workers: workers)
        let data = try control.data("getOverview")
        let counts = try #require(data["clients"] as? [String: Any])
        #expect(counts["connected"] as? Int == 4 && counts["sessions"] as? Int == 4)
        #expect(counts["protocol-5.0"] as? Int == 4)
        #expect((data["reactors"] as? [Any])?.count == workers)
        #expect(data["status"] as? String == "ready")
        #expect((data["warnings"] as? [String])?.isEmpty == true)
        #expect((data["rates"] as? [String: Any])?["messages-received"] is Double)
        withExtendedLifetime((broker, clients)) {}
    }

    @Test("Who is anonymous administers nothing unless a rule says so", arguments: reactors)
    func anonymous(workers: Int) throws {
        let open = try Broker.shared(BrokerControl.config, workers: workers)
        let nobody = try ControlClient(open, user: nil)
        for command in ["getOverview", "listClients", "getClient", "saveState", "reconnectBridge"] {
            #expect(try nobody.error(command).hasPrefix("Not authorised: anonymous clients"))
        }
        _ = try nobody.data("listListeners")
        let ruled = try Broker(
            BrokerControl.config + "acl_file %DIR%/rules\n",
            workers: workers,
            files: ["rules": "topic readwrite $CONTROL/#\n"]
        )
        _ = try ControlClient(ruled, user: nil).data("listClients")
    }

    @Test("What was changed, or was to be, is written down", arguments: reactors)
    func audit(workers: Int) throws {
        let broker = try Broker(
            BrokerControl.config + "audit_file %DIR%/audit\n",
            workers: workers
        )
        let control = try ControlClient(broker)
        let path = broker.directory + "/audit"
        #expect(
            try control.error("reconnectBridge", ["name": "b\u{1B}"])
                == "Bridge 'b\u{1B}' not found"
        )
        _ = try control.data("listListeners")
        try broker.waitForLog(containing: #"reconnectBridge {"name":"b\u001b"}: failed: Bridge"#)
        func lines() throws -> [[String: Any]] {
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
                try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
        }
        let first = try #require(try lines().first)
        #expect(try lines().count == 1)
        #expect(first["command"] as? String == "reconnectBridge")
        #expect(first["username"] as? String == "admin" && first["result"] as? String == "failed")
        #expect((first["arguments"] as? [String: Any])?["name"] as? String == "b\u{1B}")
        // Moved away, as logrotate does, and opened anew.
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        let mark = broker.logMark
        broker.process.signal(SIGHUP)
        try broker.waitForLog(containing: "Reload", from: mark)
        try Reload.eventually(control.client) { FileManager.default.fileExists(atPath: path) }
        _ = try control.error("reconnectBridge", ["name": "c"])
        #expect(try lines().count == 1)
    }
}
