// SPDX-License-Identifier: Apache-2.0
// Reloads that change bridges without end, while messages flow.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Storms of reloads", .enabled(if: isOwn))
struct BridgeStorms {
    /// A file with some of twenty bridges, each with options of chance; `kept` is always there as it is.
    private static func text(
        _ dice: inout SplitMix64,
        far: Int
    ) -> String {
        var text = """
            listener %PORT% 127.0.0.1
            allow_anonymous true
            max_queued_messages 0
            max_inflight_messages 0
            connection kept
            address 127.0.0.1:\(far)
            remote_clientid kept
            notifications false
            restart_timeout 1
            topic kept/# out 1

            """
        for index in 0..<20 where Bool.random(using: &dice) {
            let version = ["mqttv31", "mqttv311", "mqttv50"].randomElement(using: &dice) ?? ""
            // Some go to nobody, and some to this broker itself.
            let port = ["\(far)", "\(far)", "1", "%PORT%"].randomElement(using: &dice) ?? ""
            let type = ["lazy", "immediate"].randomElement(using: &dice) ?? ""
            let start = ["automatic", "lazy", "once"].randomElement(using: &dice) ?? ""
            let name = Int.random(in: 0..<3, using: &dice)
            text += """
                connection b\(index)
                address 127.0.0.1:\(port)
                remote_clientid r\(index)
                local_clientid l\(index).\(name)
                bridge_protocol_version \(version)
                bridge_reload_type \(type)
                start_type \(start)
                restart_timeout 1
                cleansession \(Bool.random(using: &dice))
                topic some/\(index)/# \(port == "%PORT%" ? "out" : "both") 2 here\(name)/ there/

                """
        }
        return text
    }

    @Test("What has not changed loses nothing, and the broker goes on", arguments: reactors)
    func storm(workers: Int) throws {
        let far = try Broker(
            Broker.plain + "max_queued_messages 0\nmax_inflight_messages 0\n",
            workers: workers
        )
        var dice = SplitMix64(seed: UInt64(workers))
        let broker = try Broker(Self.text(&dice, far: far.port), workers: workers)
        let receiver = try RawClient.connected(to: far)
        receiver.patienceSeconds = 20
        try receiver.subscribe("kept/#", 1)
        let sender = try RawClient.connected(to: broker)
        var sent = 0
        for round in 0..<60 {
            try broker.rewrite(Self.text(&dice, far: far.port), atomically: true)
            broker.process.signal(SIGHUP)
            for _ in 0..<20 {
                sent += 1
                sender.send(Wire.publish(.v4, "kept/x", "\(sent)", qos: 1, id: sent))
                sender.publish("here\(round % 3)/some/\(sent % 20)/x", "m")
            }
            Thread.sleep(forTimeInterval: Double.random(in: 0...0.1, using: &dice))
        }
        var next = 1
        while next <= sent {
            let publish = try receiver.takePublishAndAnswer()
            #expect(publish.payload == "\(next)")
            next += 1
        }
        // The last file is in force, and the bridge that was never changed was never left.
        #expect(!broker.process.errors.lines.contains { $0.contains("local.kept [") })
        try broker.stop()
        try far.stop()
    }
}
