// SPDX-License-Identifier: Apache-2.0
// Idle TLS connections give their memory back and notice nothing.

import COpenSSL
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("TLS connections that sleep")
struct HibernationTests {
    /// Bytes of pages in the memory that TLS connections lie in as long as they are awake: the mapping
    /// in front of 8 GiB of reserved addresses.
    private static func awakeBytes(_ broker: Broker) throws -> Int {
        let path = "/proc/\(broker.process.pid)/smaps"
        let data = try FileHandle(forReadingAtPath: path)?.readToEnd() ?? Data()
        var last = (end: Substring(), resident: 0)
        var resident = 0
        var end = Substring()
        var begin = Substring()
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            switch words[0] {
            case "Size:":
                let size = (Int(words[1]) ?? 0) >> 20
                if 7...8 ~= size, begin == last.end { return last.resident << 10 }
            case "Rss:": resident = Int(words[1]) ?? 0
            default:
                guard !words[0].hasSuffix(":") else { continue }
                last = (end, resident)
                let bounds = words[0].split(separator: "-")
                (begin, end) = (bounds[0], bounds[1])
            }
        }
        throw Mismatch("no addresses are reserved")
    }

    /// Waits until nobody is awake.
    private static func expectSleep(_ broker: Broker) throws {
        for _ in 0..<200 {
            if try awakeBytes(broker) == 0 { return }
            // The answer costs the kernel some milliseconds.
            usleep(50_000)
        }
        throw Mismatch("\(try awakeBytes(broker)) bytes are still awake")
    }

    /// A broker and clients that sleep; it has had no others.
    private static func asleep(
        _ count: Int,
        workers: Int,
        version: CInt = TLS1_3_VERSION,
        keepAlive: Int = 60,
        mqtt: Version = .v4
    ) throws -> (Broker, [RawClient]) {
        let broker = try Broker(open + tlsListener(), workers: workers)
        var options = try certificates().client
        options.maximumVersion = version
        let clients = try (0..<count).map { index in
            let client = try RawClient(port: broker.port, over: .tls(options))
            client.speak(mqtt)
            client.send(Wire.connect("sleeper-\(index)", mqtt, keepAlive: keepAlive))
            try client.expect(Wire.connack(mqtt))
            try client.subscribe("sleepers")
            return client
        }
        try expectSleep(broker)
        return (broker, clients)
    }

    @Test(
        "They wake up for messages in both directions, as often as there are any",
        arguments: [TLS1_2_VERSION, TLS1_3_VERSION],
        Broker.reactorCounts
    )
    func messages(version: CInt, workers: Int) throws {
        let (broker, clients) = try Self.asleep(8, workers: workers, version: version)
        for number in 0..<2 {
            clients[number].publish("sleepers", "rise")
            for client in clients { try client.expectPublish("sleepers", "rise") }
            try Self.expectSleep(broker)
        }
        for client in clients {
            client.send(Wire.pingreq)
            try client.expect(Wire.pingresp)
        }
        try Self.expectSleep(broker)
        let long = String(repeating: "long ", count: 8_000)
        clients[3].publish("sleepers", long)
        for client in clients { try client.expectPublish("sleepers", long) }
        for client in clients { try client.disconnect() }
        try broker.stop()
    }

    @Test("They end while they sleep, by either side", arguments: Broker.reactorCounts)
    func ends(workers: Int) throws {
        let (broker, clients) = try Self.asleep(12, workers: workers, mqtt: .v5)
        for client in clients[..<3] { try client.disconnect() }
        for client in clients[3..<6] { client.abort() }
        for client in clients[6..<9] { client.shutdownWriting() }
        for client in clients[6..<9] { try client.expectClosed() }
        let heir = try RawClient(port: broker.port, over: .tls(certificates().client))
        heir.speak(.v5)
        heir.send(Wire.connect("sleeper-9", .v5))
        try heir.expect(Wire.connack(.v5))
        try clients[9].expect(Wire.disconnect(0x8E))
        try clients[9].expectClosed()
        clients[10].publish("sleepers", "who is left")
        for client in clients[10...] { try client.expectPublish("sleepers", "who is left") }
        try broker.stop()
        for client in clients[10...] { try client.expectClosed() }
    }

    @Test("[MQTT-3.1.2-22] Keep alive runs out while they sleep", arguments: Broker.reactorCounts)
    func keepAlive(workers: Int) throws {
        let (broker, clients) = try Self.asleep(3, workers: workers, keepAlive: 2)
        for client in clients { try client.expectClosed() }
        try broker.stop()
    }

    @Test("A reload passes them by", arguments: Broker.reactorCounts)
    func reload(workers: Int) throws {
        let (broker, clients) = try Self.asleep(5, workers: workers)
        for _ in 0..<2 {
            let mark = broker.logMark
            broker.process.signal(SIGHUP)
            try broker.waitForLog(containing: "Reloading config.", from: mark)
            try RawClient.overTLS(broker, certificates().client).disconnect()
        }
        for client in clients { try client.expectEcho() }
        try broker.stop()
    }

    @Test("A plugin sees the certificate of a client that sleeps", arguments: Broker.reactorCounts)
    func certificate(workers: Int) throws {
        let folder = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let root = Broker.packageRoot
        let made = try ChildProcess.run(
            "/usr/bin/cc",
            [
                "-shared", "-fPIC", "-I\(root)/include",
                "\(root)/Tests/ABITests/C/host_certificate.c",
            ]
                + ["-o", folder + "/plugin.so", "-lcrypto"]
        )
        #expect(made.status == 0, "\(made.errors)")
        let config = try tlsListener("%PORT%", clientCertificates())
        let broker = try Broker(open + "plugin \(folder)/plugin.so\n" + config, workers: workers)
        let options = try certificates().client("client")
        let sleeper = try RawClient.overTLS(broker, options, identifier: "sleeper")
        try Self.expectSleep(broker)
        let asker = try RawClient.overTLS(broker, options, identifier: "asker")
        for _ in 0..<2 {
            let mark = broker.logMark
            asker.publish("ask", "sleeper")
            let line = try broker.waitForLog(containing: "REC sleeper is", from: mark)
            #expect(line.contains("/CN=test client"), "\(line)")
            try Self.expectSleep(broker)
        }
        try sleeper.expectEcho()
        try broker.stop()
    }

    @Test("A connection that shakes hands stays awake while others sleep")
    func handshake() throws {
        let broker = try Broker(open + tlsListener(), workers: 1)
        let partial = try RawClient(broker)
        partial.send(Bytes(try BoundsTests.clientHello().prefix(50)))
        let others = try (0..<4).map { _ in
            try RawClient.overTLS(broker, certificates().client)
        }
        try eventually {
            let bytes = try Self.awakeBytes(broker)
            guard 1...(16 << 10) ~= bytes else { throw Mismatch("\(bytes) bytes are awake") }
        }
        for client in others { try client.expectEcho() }
        try broker.stop()
    }

    @Test("Slots are used again by those who come later")
    func turnover() throws {
        let (broker, _) = try Self.asleep(1, workers: 1)
        for _ in 0..<30 {
            try RawClient.overTLS(broker, certificates().client, identifier: "guest").disconnect()
        }
        #expect(try Self.awakeBytes(broker) <= 3 * 16 << 10)
        try broker.stop()
    }
}
