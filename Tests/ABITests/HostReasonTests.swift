// SPDX-License-Identifier: Apache-2.0
// Reasons that plugins give for what they refuse.

import Foundation
import TestSupport
import Testing

@Suite struct HostReasonTests {
    static let plugins: [(name: String, flags: [String])] = [
        ("reason", []), ("reason_direct", ["-DDIRECT"]),
    ]

    @Test(
        "What a plugin says is in the line, with its name; clients learn nothing",
        arguments: plugins
    )
    func said(plugin: (name: String, flags: [String])) throws {
        let path = try HostPlugin("host_reason", named: plugin.name, plugin.flags).path
        let broker = try Broker(HostThreadTests.listener + "plugin \(path)\n", workers: 1)
        let refused = try RawClient(broker)
        refused.send(Wire.connect("c", .v5, username: "bad user"))
        try refused.expectClosed(after: hex("20 03 00 87 00"))
        try broker.waitForLog(
            containing: ", u'bad user'. Reason: rule about bad user (plugin \(plugin.name))."
        )
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.publish1("bad/topic", reason: 0x87)
        try broker.waitForLog(
            containing: " to 'bad/topic'. Reason: rule about bad/topic (plugin \(plugin.name))."
        )
        client.send(Wire.subscribe(.v5, id: 1, [("good", 0), ("bad/+", 0)]))
        try client.expect(Wire.suback(.v5, id: 1, [0, 0x87]))
        try broker.waitForLog(containing: " to 'bad/+'. Reason: rule about bad/+ (plugin")
        // Longer than there is room for.
        let long = "bad/" + String(repeating: "x", count: 400)
        try client.publish1(long, reason: 0x87)
        let line = try broker.waitForLog(
            containing: "Denied PUBLISH from c [127.0.0.1:\(client.localPort)] to '\(long)'"
        )
        let cut = String("rule about \(long)".prefix(255))
        #expect(line.hasSuffix(" Reason: \(cut) (plugin \(plugin.name))."), "\(line)")
        try broker.stop()
    }

    @Test("A plugin that says nothing is named with its code, and not with another's reason")
    func silent() throws {
        let silent = try HostPlugin("host_reason", named: "silent", ["-DSILENT"]).path
        let broker = try Broker(HostThreadTests.listener + "plugin \(silent)\n", workers: 1)
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.publish1("bad/topic", reason: 0x87)
        try broker.waitForLog(
            containing: " to 'bad/topic'. Reason: refused with code 12 (plugin silent)."
        )
        try broker.stop()
    }
}
