// SPDX-License-Identifier: Apache-2.0
// What the broker's functions answer to plugins, wherever they are called.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.serialized) struct HostFunctionTests {
    /// Requests, and the responses that follow.
    static let requests: [(request: String, responses: String)] = [
        (#"{"commands":[{"command":"ok"}]}"#, #"{"command":"ok"}"#),
        (
            #"{"COMMANDS":[{"Command":"ok","correlationData":"x"},{"command":"data","value":[3]}]}"#,
            #"{"command":"ok","correlationData":"x"},{"command":"data","data":[3]}"#
        ),
        (
            #"{"commands":[{"command":"odd","correlationData":"y"}]}"#,
            #"{"command":"odd","error":"no such thing","correlationData":"y"}"#
        ),
        (#"{"commands":[]}"#, ""),
        ("nonsense", #"{"command":"Unknown command","error":"Payload not valid JSON"}"#),
        ("", #"{"command":"Unknown command","error":"Payload not valid JSON"}"#),
        ("{}", #"{"command":"Unknown command","error":"Invalid/missing commands"}"#),
        (
            #"{"commands":[{"command":"ok"},7,{"command":"ok"}]}"#,
            #"{"command":"ok"},{"command":"Unknown command","error":"Command not an object"}"#
        ),
        (
            #"{"commands":[{"commands":"ok"},{"command":"ok"}]}"#,
            #"{"command":"Unknown command","error":"Missing command"}"#
        ),
        (
            #"{"commands":[{"command":"ok","correlationData":5},{"command":"ok"}]}"#,
            #"{"command":"ok","error":"Invalid correlationData data type."}"#
        ),
    ]

    @Test("Requests in JSON are taken apart, and answered to everybody who listens")
    func controlHelpers() throws {
        let broker = try Broker(
            HostThreadTests.listener + "allow_anonymous true\n"
                + "plugin \(HostPlugin.control.get().path)\n",
            workers: 1
        )
        let topic = "$CONTROL/test/v1"
        let watcher = try RawClient.connected(to: broker, "watcher")
        try watcher.subscribe(topic + "/response")
        let client = try RawClient.connected(to: broker, "c")
        for (request, responses) in Self.requests {
            client.publish(topic, request)
            try watcher.expectPublish(
                topic + "/response",
                #"{"responses":["# + responses + "]}"
            )
        }
        client.publish("tell")
        try watcher.expectPublish(topic + "/response", #"{"told":[1,2]}"#)
        try broker.stop()
        #expect(broker.records.first == "ok of c for me")
    }

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

    @Test(
        "max_subscriptions holds for what plugins subscribe as well",
        arguments: Broker.reactorCounts
    )
    func limit(workers: Int) throws {
        let broker = try Broker(
            "max_subscriptions 1\n" + HostThreadTests.listener
                + "plugin \(HostPlugin.functions.get().path)\n",
            workers: workers
        )
        let client = try RawClient.connected(to: broker, "c", .v5, username: "user")
        // The plugin asks for `plugin/+`, then for a shared subscription.
        try broker.waitForLog(
            exactly: "Warning: A plugin's subscription for c is above max_subscriptions."
        )
        client.send(Wire.subscribe(.v5, [("other", 0), ("plugin/+", 1)]))
        try client.expect(Wire.suback(.v5, [0x97, 1]))
        client.abort()
        try broker.stop()
    }
}
