// SPDX-License-Identifier: Apache-2.0
// Plugins in processes of their own that end, or must end, while they have much to do.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct IsolationLoadTests {
    private static let clientCount = 6
    private static let messageCount = 60
    private static let killCount = 8

    @Test(
        "Processes are killed under load: each question is answered once, in order, and no more fail than kills",
        arguments: [1, 2, 4]
    )
    func kills(workers: Int) throws {
        let broker = try IsolationTests.broker(
            workers: workers,
            options: "plugin_restart_wait 20\n"
        )
        let subscriber = try RawClient.connected(to: broker, "subscriber", .v5)
        try subscriber.subscribe("load/#")
        let clients = try (0..<Self.clientCount).map {
            try RawClient.connected(to: broker, "c\($0)", .v5)
        }
        var failed = 0
        for round in 0..<Self.killCount {
            for client in clients {
                for id in 1...Self.messageCount {
                    client.send(Wire.publish(.v5, "load/\(round)", "x", qos: 1, id: id))
                }
            }
            if let helper = IsolationTests.helper(of: broker) { kill(helper, SIGKILL) }
            for client in clients {
                for id in 1...Self.messageCount {
                    let packet = try #require(client.nextPacket(seconds: 20), "round \(round)")
                    #expect(packet.first == 0x40)
                    #expect(Int(packet[2]) << 8 | Int(packet[3]) == id)
                    if packet.count > 4, packet[4] == 0x87 { failed += 1 }
                }
            }
        }
        #expect(failed <= Self.killCount)
        var received = 0
        let sent = Self.clientCount * Self.messageCount * Self.killCount - failed
        while received < sent, let packet = subscriber.nextPacket(seconds: 5) {
            if packet[0] >> 4 == 3 { received += 1 }
        }
        // The subscriber is asked about each message too, and that may be what a process ends with.
        #expect((sent - Self.killCount...sent).contains(received), "\(received) of \(sent)")
        for client in clients { try client.publish1("nobody", reason: 0x10) }
        try broker.stop()
    }

    @Test(
        "What waits is asked in order, also if a process ends before it has been told of all clients"
    )
    func order() throws {
        let broker = try IsolationTests.broker(
            options: "plugin_timeout 60\nplugin_restart_wait 30\nplugin_opt_event connect\n"
                + "plugin_opt_deed stop\nplugin_opt_when %DIR%/when\n"
        )
        let when = broker.directory + "/when"
        let client = try RawClient.connected(to: broker, "bad", .v5)
        let leaving = try (0..<4).map { try RawClient.connected(to: broker, "c\($0)", .v5) }
        // The first process is asked something that it does not answer.
        let first = try #require(IsolationTests.helper(of: broker))
        kill(first, SIGSTOP)
        broker.process.signal(SIGHUP)
        try broker.waitForLog(containing: "Reloading config.")
        // The second one stops when it is told of a client, and others leave of whom it was to be told.
        _ = FileManager.default.createFile(atPath: when, contents: nil)
        kill(first, SIGKILL)
        try broker.waitForLog(containing: "now: stop")
        for one in leaving { try one.disconnect() }
        try FileManager.default.removeItem(atPath: when)
        kill(try #require(IsolationTests.helper(of: broker)), SIGKILL)
        try broker.waitForLog(exactly: "REC reload")
        try client.publish1("good", reason: 0x10)
        #expect(!broker.process.errors.lines.contains { $0.contains("nonsense") })
        try broker.stop()
    }

    @Test("A process with too much memory is replaced, and nothing that is asked meanwhile is lost")
    func leak() throws {
        let broker = try IsolationTests.broker(
            before: "sys_interval 1\n",
            options: "plugin_memory_limit 300000000\nplugin_restart_wait 20\n"
        )
        let watcher = try RawClient.connected(to: broker, "watcher")
        try watcher.subscribe("$SYS/broker/plugins/misbehave/restarts")
        let client = try RawClient.connected(to: broker, "c", .v5)
        let first = try #require(IsolationTests.helper(of: broker))
        try client.publish1("bad/leak", reason: 0x10)
        while !broker.process.errors.lines.contains(where: { $0.contains("runs again") }) {
            try client.publish1("good", reason: 0x10)
        }
        let line = broker.process.errors.lines.first { $0.contains("plugin_memory_limit") }
        #expect(line?.contains("and was ended. It is started again.") == true, "\(line ?? "")")
        #expect(IsolationTests.helper(of: broker) != first)
        #expect(broker.records.contains("cleanup"))
        var payload = ""
        while payload != "1" {
            let packet = try #require(watcher.nextPacket(seconds: 10), "restarts are counted")
            if packet[0] >> 4 == 3 { payload = String(decoding: packet.suffix(1), as: UTF8.self) }
        }
        try broker.stop()
    }
}
