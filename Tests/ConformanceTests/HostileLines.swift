// SPDX-License-Identifier: Apache-2.0
// Lines of the log that clients cause: each is one line, and short.

import TestSupport
import Testing

@Suite("Lines that clients cause", .serialized)
struct HostileLines {
    static let config = """
        sys_interval 0
        log_dest stderr
        log_dest topic
        log_type information
        log_type notice
        log_type warning
        listener %PORT% 127.0.0.1
        allow_anonymous true

        """

    @Test("Who takes no log line as long as they are causes no further ones", arguments: reactors)
    func endless(workers: Int) throws {
        let broker = try Broker(Self.config, workers: workers)
        let watcher = try RawClient(broker)
        watcher.send(Wire.connect("watcher", .v5, properties: Property.maximumPacketSize(40)))
        _ = try watcher.readPacket()
        watcher.speak(.v5)
        try watcher.subscribe("$SYS/broker/log/#")
        try RawClient.connected(to: broker, String(repeating: "long", count: 20)).expectSilence()
        try watcher.expectSilence()
        try broker.stop()
        #expect(!broker.process.errors.text.contains("Dropping too large"))
    }

    @Test("A client's drops and warnings are ten lines a second", arguments: reactors)
    func bounded(workers: Int) throws {
        let broker = try Broker(Self.config, workers: workers)
        let small = try RawClient(broker)
        small.send(Wire.connect("small", .v5, properties: Property.maximumPacketSize(40)))
        _ = try small.readPacket()
        small.speak(.v5)
        try small.subscribe("t")
        let publisher = try RawClient.connected(to: broker, "publisher")
        let start = ContinuousClock.now
        for _ in 0..<500 { publisher.publish("t", String(repeating: "x", count: 100)) }
        for id in 1...500 { publisher.send(Wire.pubrec(id)) }
        for id in 1...500 { try publisher.expect(Wire.pubrel(id)) }
        try small.expectNothing(from: publisher)
        let seconds = Int((ContinuousClock.now - start).components.seconds) + 2
        try broker.stop()
        let lines = broker.process.errors.lines
        for text in ["Dropping too large", "unknown packet identifier"] {
            let count = lines.count { $0.contains(text) }
            #expect(count > 0 && count <= 10 * seconds)
        }
        #expect(lines.contains { $0.hasSuffix("are not logged this second.") })
    }
}
