// SPDX-License-Identifier: Apache-2.0
// mount_point: a prefix on the way in, taken off on the way out.

import TestSupport
import Testing

@Suite("Mount point")
struct MountPoint {
    static let config = """
        sys_interval 0
        log_type all
        listener %PORT% 127.0.0.1
        allow_anonymous true
        listener %PORT2% 127.0.0.1
        mount_point mount/

        """

    @Test("Publications get the prefix, deliveries lose it", arguments: Version.allCases, reactors)
    func prefix(version: Version, workers: Int) throws {
        let broker = try Broker.shared(Self.config, workers: workers)
        let outside = try RawClient.connected(to: broker, unique("c"), version)
        let inside = try RawClient.connected(
            to: broker,
            unique("c"),
            version,
            port: broker.ports[1]
        )
        let topic = unique("t")
        try outside.subscribe("mount/\(topic)", 1)
        try inside.subscribe(topic, 1)
        try inside.publish1WithEcho(topic)
        try outside.take1("mount/\(topic)", "echo", id: 1)
        try outside.publish1WithMount(topic, inside)
    }

    @Test("# sees only topics below the mount point", arguments: reactors)
    func wildcard(workers: Int) throws {
        let broker = try Broker(Self.config, workers: workers)
        let outside = try RawClient.connected(to: broker, "o")
        let inside = try RawClient.connected(to: broker, "i", port: broker.ports[1])
        try inside.subscribe("#")
        outside.publish("else/where", "no")
        outside.publish("mount/here", "yes")
        try inside.expectPublish("here", "yes")
        try inside.expectSilence()
    }

    @Test("UNSUBSCRIBE names the filter as it was subscribed", arguments: reactors)
    func unsubscribe(workers: Int) throws {
        let broker = try Broker.shared(Self.config, workers: workers)
        let inside = try RawClient.connected(to: broker, unique("c"), .v5, port: broker.ports[1])
        let topic = unique("t")
        try inside.subscribe(topic)
        inside.send(Wire.unsubscribe(.v5, id: 2, [topic]))
        try inside.expect(Wire.unsuback(.v5, id: 2, [0]))
        inside.publish(topic, "x")
        try inside.expectNothing(from: inside)
    }

    @Test("Shared subscriptions are mounted behind the share name", arguments: reactors)
    func shared(workers: Int) throws {
        let broker = try Broker.shared(Self.config, workers: workers)
        let inside = try RawClient.connected(to: broker, unique("c"), .v5, port: broker.ports[1])
        let topic = unique("t")
        try inside.subscribe("$share/g/\(topic)")
        inside.publish(topic, "x")
        try inside.expectPublish(topic, "x")
    }

    @Test("Retained messages, wills and aliases use the prefix too", arguments: reactors)
    func others(workers: Int) throws {
        let broker = try Broker.shared(Self.config, workers: workers)
        let (topic, will) = (unique("t"), unique("will"))
        let outside = try RawClient.connected(to: broker)
        try outside.subscribe("mount/\(will)")
        let inside = try RawClient.connected(
            to: broker,
            unique("c"),
            .v5,
            will: Will(will, "gone"),
            port: broker.ports[1]
        )
        inside.publish(topic, "1", retain: true, properties: Property.topicAlias(1))
        inside.publish("", "2", retain: true, properties: Property.topicAlias(1))
        try inside.expectSilence()
        try outside.subscribe("mount/\(topic)")
        try outside.expectPublish("mount/\(topic)", "2", retain: true)
        try inside.subscribe(topic)
        try inside.expectPublish(topic, "2", retain: true)
        inside.abort()
        try outside.expectPublish("mount/\(will)", "gone")
    }
}

extension RawClient {
    /// Publishes below the mount point; `inside` and this client have the topic subscribed at QoS 1.
    func publish1WithMount(_ topic: String, _ inside: RawClient) throws {
        send(Wire.publish(version, "mount/\(topic)", "out", qos: 1, id: 8))
        try expect(inAnyOrder: [
            Wire.puback(8), Wire.publish(version, "mount/\(topic)", "out", qos: 1, id: 2),
        ])
        try inside.take1(topic, "out", id: 2)
    }
}
