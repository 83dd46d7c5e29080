// SPDX-License-Identifier: Apache-2.0
// disconnectClient and deleteSession: one client, or those that are described.

import Foundation
import TestSupport
import Testing

@Suite("Control API: connections and sessions")
struct ControlActions {
    private func start(
        workers: Int
    ) throws -> (broker: Broker, clients: [RawClient], control: ControlClient) {
        let broker = try Broker(
            BrokerControl.config + "audit_file %DIR%/audit\n",
            workers: workers
        )
        let clients = try (0..<8).map { number in
            try RawClient.connected(
                to: broker,
                "n\(number)",
                .v5,
                properties: [0x11, 0, 0, 1, 0],
                will: Will("will/\(number)", "w")
            )
        }
        return (broker, clients, try ControlClient(broker))
    }

    private func names(_ data: [String: Any]) -> [String] { data["clients"] as? [String] ?? [] }

    @Test("One client is disconnected and may return to its session", arguments: reactors)
    func disconnect(workers: Int) throws {
        let (broker, clients, control) = try start(workers: workers)
        let watcher = try RawClient.connected(to: broker, "watcher", .v5)
        try watcher.subscribe("will/#")
        let data = try control.data("disconnectClient", ["clientid": "n3"])
        #expect(data["count"] as? Int == 1 && names(data) == ["n3"])
        let farewell = try clients[3].readPacket()
        #expect(farewell[0] == 0xE0 && farewell[2] == 0x98)
        try watcher.expectPublish("will/3", "w")
        _ = try control.data("disconnectClient", ["clientid": "n4", "without-will": true])
        try watcher.expectNothing(from: control.client)
        #expect(
            try control.error("disconnectClient", ["clientid": "n3"])
                == "Client 'n3' is not connected"
        )
        #expect(try control.error("disconnectClient", ["clientid": "x"]) == "Client 'x' not found")
        _ = try RawClient.connected(
            to: broker,
            "n3",
            .v5,
            clean: false,
            sessionPresent: true
        )
    }

    @Test("A session is deleted, connected or not", arguments: reactors)
    func delete(workers: Int) throws {
        let (broker, clients, control) = try start(workers: workers)
        clients[1].send([0xE0, 0])
        try clients[1].expectClosed()
        for name in ["n1", "n2"] {
            #expect(try names(control.data("deleteSession", ["clientid": name])) == [name])
            try Reload.eventually(control.client) {
                let data = try control.data("getClient", ["clientid": name])
                return (data["client"] as? [String: Any])?["state"] as? String == "closed"
            }
        }
        _ = try RawClient.connected(to: broker, "n2", .v5, clean: false)
    }

    @Test("Those that are described are counted first, then meant", arguments: reactors)
    func many(workers: Int) throws {
        let (broker, clients, control) = try start(workers: workers)
        clients[0].send([0xE0, 0])
        try clients[0].expectClosed()
        let all = (0..<8).map { "n\($0)" }
        func count(_ filter: [String: Any]) throws -> Int? {
            try control.data("listClients", filter)["total"] as? Int
        }
        let dry = try control.data("disconnectClient", ["pattern": "*", "dry-run": true])
        #expect(names(dry) == Array(all.dropFirst()) && dry["count"] as? Int == 7)
        #expect(try count(["state": "connected"]) == 8)
        let done = try control.data("disconnectClient", ["pattern": "n?"])
        #expect(names(done) == Array(all.dropFirst()))
        try Reload.eventually(control.client) { try count(["state": "connected"]) == 1 }
        #expect(try count(["state": "offline"]) == 8)
        let preview = try control.data("deleteSession", ["state": "offline", "dry-run": true])
        #expect(names(preview) == all)
        // Who asks is never meant by a description.
        let deleted = try control.data("deleteSession", ["pattern": "*"])
        #expect(deleted["count"] as? Int == 8)
        try Reload.eventually(control.client) { try count([:]) == 1 }
        #expect(
            try control.error("deleteSession").hasPrefix("Missing 'clientid', or a filter")
        )
        let audit = try String(contentsOfFile: broker.directory + "/audit", encoding: .utf8)
        let lines = audit.split(separator: "\n")
        #expect(lines.count == 3, "dry runs change nothing")
        #expect(lines[1].contains(#""arguments":{"pattern":"*"}"#))
        #expect(lines[1].contains(#""result":"done","data":{"count":8"#))
        #expect(lines[2].contains(#""result":"failed""#))
    }
}
