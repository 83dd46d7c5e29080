// SPDX-License-Identifier: Apache-2.0
// What those who watch the broker see of plugins in processes of their own.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct IsolationReportTests {
    /// The answer of `$CONTROL/broker/v1` to a command, and what it says.
    private static func ask(_ client: RawClient, _ command: String) throws -> [String: Any] {
        let number = unique("question")
        let request = #"{"command":"\#(command)","correlationData":"\#(number)"}"#
        client.publish("$CONTROL/broker/v1", #"{"commands":[\#(request)]}"#)
        while true {
            let packet = try client.readPacket()
            let start = try #require(packet.firstRange(of: Array(#"{"responses""#.utf8)))
            let object = try JSONSerialization.jsonObject(with: Data(packet[start.lowerBound...]))
            let responses = (object as? [String: Any])?["responses"] as? [[String: Any]]
            // What others have asked is answered on the same topic.
            guard responses?.first?["correlationData"] as? String == number else { continue }
            return try #require(responses?.first?["data"] as? [String: Any])
        }
    }

    private static func process(_ client: RawClient) throws -> [String: Any] {
        let plugins = try #require(ask(client, "listPlugins")["plugins"] as? [[String: Any]])
        let plugin = try #require(plugins.first { $0["name"] as? String == "misbehave" })
        return try #require(plugin["process"] as? [String: Any])
    }

    /// Asks until something holds.
    private static func wait(
        _ client: RawClient,
        until isWanted: ([String: Any]) -> Bool
    ) throws -> [String: Any] {
        for _ in 0..<500 {
            let process = try process(client)
            if isWanted(process) { return process }
            usleep(20_000)
        }
        throw Mismatch("it never became so: \(try process(client))")
    }

    private static func command(_ broker: Broker, _ words: String...) throws -> Outcome {
        try ChildProcess.run(
            Broker.built("mosquitto_ctrl"),
            ["-h", "127.0.0.1", "-p", "\(broker.port)"] + words
        )
    }

    @Test(
        "A process that runs, one that cannot be started again, and what the last one has ended by",
        arguments: [1, 2, 4]
    )
    func report(workers: Int) throws {
        let broker = try IsolationTests.broker(
            workers: workers,
            before: "enable_control_api true\nlistener %PORT2% 127.0.0.1\nprotocol http_api\n",
            options: "plugin_failure ignore\nplugin_restart_wait 0\nplugin_opt_init null\n"
                + "plugin_opt_when %DIR%/when\n"
        )
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.subscribe("$CONTROL/broker/v1/response")
        let first = try #require(IsolationTests.helper(of: broker))
        let before = try Self.process(client)
        #expect(before["state"] as? String == "running" && before["pid"] as? Int == Int(first))
        #expect(before["restarts"] as? Int == 0 && before["last-end"] == nil)
        #expect(try Self.ask(client, "health")["warnings"] == nil)

        _ = FileManager.default.createFile(atPath: broker.directory + "/when", contents: nil)
        kill(first, SIGKILL)
        let down = try Self.wait(client) {
            $0["state"] as? String == "waiting" && ($0["restarts"] as? Int ?? 0) > 3
        }
        #expect(down["pid"] == nil && down["answers-as"] as? String == "ignore")
        #expect((down["last-end"] as? String)?.contains(" was ended by signal 11 (") == true)
        #expect((down["next-start"] as? String)?.hasSuffix("Z") == true)
        try Self.expectWarning(broker, client)

        try FileManager.default.removeItem(atPath: broker.directory + "/when")
        let after = try Self.wait(client) { $0["state"] as? String == "running" }
        #expect(after["answers-as"] == nil && after["pid"] as? Int != Int(first))
        #expect(try Self.ask(client, "health")["warnings"] == nil)
        try client.publish1("good", reason: 0x10)
        try broker.stop()
    }

    /// While the plugin does not answer, all say so; the broker is ready all the same.
    private static func expectWarning(_ broker: Broker, _ client: RawClient) throws {
        let words = "plugin misbehave does not answer: its process is started again"
        let health = try ask(client, "health")
        #expect(health["status"] as? String == "ready")
        #expect(health["warnings"] as? [String] == [words])
        let answer = try ChildProcess.run(
            "/usr/bin/env",
            [
                "python3", "-c",
                "import sys,urllib.request as r; a=r.urlopen(sys.argv[1]); print(a.status,a.read())",
                "http://127.0.0.1:\(broker.ports[1])/health/ready",
            ]
        )
        #expect(answer.output.contains("200"), "\(answer.errors)")
        #expect(answer.output.contains(#"{"status":"ready","warnings":["\#(words)"]}"#))
        let check = try command(broker, "broker", "health")
        #expect(check.status == 0 && check.output == "ready (\(words))\n")
        var list = try command(broker, "broker", "listPlugins")
        // Now and then it is just being started again.
        for _ in 0..<50 where !list.output.contains("Process:           waiting") {
            list = try command(broker, "broker", "listPlugins")
        }
        let lines = list.output.split(separator: "\n")
        #expect(lines.contains("Plugin:            misbehave"), "\(list.output)\(list.errors)")
        #expect(lines.contains("Process:           waiting"), "\(list.output)")
        #expect(lines.contains("Answers as:        ignore"))
        #expect(lines.contains { $0.hasPrefix("Last end:          process ") })
        #expect(lines.contains { $0.hasPrefix("Next start:        20") })
    }

    @Test("The end of a process is told with what it was asked and of whom")
    func reason() throws {
        let broker = try IsolationTests.broker(
            before: "enable_control_api true\n",
            options: "plugin_opt_once %DIR%/once\n"
        )
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.publish1("bad/null", reason: 0x10)
        try client.subscribe("$CONTROL/broker/v1/response")
        let process = try Self.wait(client) { $0["state"] as? String == "running" }
        #expect(process["restarts"] as? Int == 1)
        let end = try #require(process["last-end"] as? String)
        #expect(end.hasPrefix("process "))
        #expect(
            end.contains(
                "was ended by signal 11 (Segmentation fault), in a 'acl-check' callback about c ["
            )
        )
        #expect(process["next-start"] == nil)
        try broker.stop()
    }
}
