// SPDX-License-Identifier: Apache-2.0
// What the broker's functions answer to plugins, wherever they are called.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.serialized) struct HostFunctionTests {
    @Test(
        "Every function answers right and wrong arguments as promised, in every place",
        arguments: Broker.reactorCounts
    )
    func answers(workers: Int) throws {
        let broker = try Broker(
            HostThreadTests.listener + "plugin \(HostPlugin.functions.get().path)\n",
            workers: workers
        )
        let watcher = try RawClient.connected(to: broker, "watcher", .v5, username: "user")
        try watcher.subscribe("will/#", 0)
        let client = try RawClient.connected(to: broker, "c", .v5, username: "user")
        client.publish("plugin/x", "x")
        // The plugin has subscribed both, each alone and both as a group.
        _ = try client.readPacket()
        try broker.waitForLog(containing: "REC ticked")
        client.abort()
        let will = Wire.publish(
            .v5,
            "will/of/plugin",
            "gone",
            properties: [3] + Wire.string("text")
        )
        while try watcher.readPacket() != will {}
        try broker.stop()
        #expect(broker.records == ["ticked", "many checks"])
    }
}
