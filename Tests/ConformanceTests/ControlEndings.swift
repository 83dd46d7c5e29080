// SPDX-License-Identifier: Apache-2.0
// Why connections have ended: listClients with state closed, and getClient.

import Foundation
import TestSupport
import Testing

@Suite("Control API: connections that have ended")
struct ControlEndings {
    private func rows(
        _ control: ControlClient,
        _ arguments: [String: Any] = [:]
    ) throws -> [[String: Any]] {
        let all = arguments.merging(["state": "closed"]) { first, _ in first }
        return try control.list("listClients", "clients", all).flatMap(\.self)
    }

    @Test("Connections are remembered with their reason, the last one first", arguments: reactors)
    func reasons(workers: Int) throws {
        let broker = try Broker(BrokerControl.config, workers: workers)
        let control = try ControlClient(broker)
        func end(_ name: String, _ body: (RawClient) throws -> Void) throws {
            let client = try RawClient.connected(to: broker, name, .v5, username: "u")
            try body(client)
            try Reload.eventually(control.client) {
                try rows(control).contains { $0["clientid"] as? String == name }
            }
        }
        try end("polite") { client in
            client.send([0xE0, 0])
            try client.expectClosed()
        }
        try end("rude") { client in client.shutdownWriting() }
        try end("wrong") { client in client.send([0xF0, 1, 0]) }
        try end("kicked") { _ in
            _ = try control.data("disconnectClient", ["clientid": "kicked"])
        }
        let ended = try rows(control)
        let reasons = ended.map { "\($0["clientid"] ?? "") \($0["reason"] ?? "")" }
        #expect(
            Set(reasons) == [
                "kicked administrative", "wrong protocol_error", "rude closed_by_peer",
                "polite disconnect",
            ]
        )
        let times = ended.compactMap { $0["ended"] as? String }
        #expect(times.count == 4 && times == times.sorted().reversed())
        #expect(ended.allSatisfy { $0["username"] as? String == "u" && $0["ended"] is String })
        #expect(ended.contains { $0["text"] as? String == "administrative action" })
        #expect(try rows(control, ["pattern": "*u*"]).count == 1)
        #expect(
            try control.list("listClients", "clients", ["state": "closed", "count": 1]).count == 4
        )
        let data = try control.data("getClient", ["clientid": "rude"])
        let client = try #require(data["client"] as? [String: Any])
        #expect(client["state"] as? String == "closed")
        #expect((client["endings"] as? [[String: Any]])?.count == 1)
        #expect(
            try control.error("disconnectClient", ["state": "closed"]).hasPrefix("Invalid 'state'")
        )
    }

    @Test("So many are remembered as the configuration says, 20 of one client", arguments: reactors)
    func bounds(workers: Int) throws {
        let broker = try Broker(BrokerControl.config + "connection_history 25\n", workers: workers)
        let control = try ControlClient(broker)
        for _ in 0..<30 {
            let client = try RawClient.connected(to: broker, "often", .v5)
            client.send([0xE0, 0])
            try client.expectClosed()
        }
        #expect(try rows(control).count == 25)
        let data = try control.data("getClient", ["clientid": "often"])
        let client = try #require(data["client"] as? [String: Any])
        #expect((client["endings"] as? [[String: Any]])?.count == 20)
        try broker.rewrite(BrokerControl.config + "connection_history 0\n", atomically: true)
        _ = try control.data("reload")
        #expect(try rows(control).isEmpty)
        #expect(try control.error("getClient", ["clientid": "often"]) == "Client 'often' not found")
    }
}
