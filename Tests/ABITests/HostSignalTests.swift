// SPDX-License-Identifier: Apache-2.0
// Plugins with handlers of signals and with processes of their own.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.serialized) struct HostSignalTests {
    private static func start(
        _ plugin: Result<HostPlugin, any Error>,
        handle: String? = nil,
        workers: Int = 1
    ) throws -> Broker {
        let option = handle.map { "plugin_opt_handle \($0)\n" } ?? ""
        return try Broker(
            HostThreadTests.listener + "allow_anonymous true\nplugin \(plugin.get().path)\n"
                + option,
            workers: workers
        )
    }

    private static func count(_ text: String, in broker: Broker) -> Int {
        broker.process.errors.lines.count { $0.contains(text) }
    }

    @Test(
        "Broker and plugin both see every signal that a plugin handles",
        .inBrokerOnly("signals to the broker are none to the process"),
        arguments: ["init", "later"],
        [1, 4]
    )
    func handlers(handle: String, workers: Int) throws {
        let broker = try Self.start(HostPlugin.signals, handle: handle, workers: workers)
        if handle == "later" {
            try broker.waitForLog(containing: "REC took signals")
            // This one passes signals on; the plugin sees all within a second, as it is noticed.
            let clock = ContinuousClock()
            let start = clock.now
            repeat {
                let mark = broker.logMark
                broker.process.signal(SIGHUP)
                try broker.waitForLog(containing: "Reloading config.", from: mark)
            } while start.duration(to: clock.now) < .seconds(2)
        }
        let reloads = Self.count("Reloading config.", in: broker)
        for _ in 0..<20 {
            let mark = broker.logMark
            broker.process.signal(SIGHUP)
            try broker.waitForLog(containing: "Reloading config.", from: mark)
            try broker.waitForLog(containing: "REC plugin got a signal", from: mark)
        }
        #expect(Self.count("Reloading config.", in: broker) == reloads + 20)
        let before = Self.count("REC plugin got a signal", in: broker)
        try broker.stop()
        #expect(Self.count("REC plugin got a signal", in: broker) == before + 1)
    }

    /// Lines such as `SigBlk: 0000000000000000` without the two signals that the C library keeps for
    /// itself, 32 and 33, which it sets as it needs.
    private static func masked(_ lines: some Sequence<some StringProtocol>) -> [String] {
        lines.map { line in
            // What a process of its own writes is printable in the log.
            guard line.hasPrefix("Sig"),
                let digits = line.split(whereSeparator: { $0 == "\t" || $0 == " " }).last,
                let mask = UInt64(digits, radix: 16)
            else { return String(line) }
            return line.prefix(7) + String(mask & ~(3 << 31), radix: 16)
        }
    }

    /// The signals of a process that the tests start as they start the broker.
    private static func expectedSignals() throws -> [String] {
        let outcome = try ChildProcess.run(
            "/bin/sh",
            ["-c", "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status"]
        )
        return masked(outcome.output.split(separator: "\n"))
    }

    @Test(
        "A process that a plugin starts has the signals that the broker was started with",
        arguments: ["fork", "spawn", "system"]
    )
    func children(way: String) throws {
        let broker = try Self.start(HostPlugin.signals)
        let client = try RawClient.connected(to: broker, "c", .v5)
        client.publish(way, "")
        try broker.waitForLog(containing: "REC child 0")
        try broker.stop()
        let expected = try Self.expectedSignals() + ["child 0"]
        #expect(Self.masked(broker.records) == expected)
    }

    @Test("So has one that is forked on a thread of the broker")
    func childrenOfReactors() throws {
        let broker = try Self.start(HostPlugin.directSignals, workers: 2)
        let client = try RawClient.connected(to: broker, "c", .v5)
        client.publish("fork", "")
        try broker.waitForLog(containing: "REC child 0")
        try broker.stop()
        let expected = try Self.expectedSignals() + ["child 0"]
        #expect(Self.masked(broker.records) == expected)
    }

    @Test("A signal to a forked child is none to the broker")
    func forkedChild() throws {
        let broker = try Self.start(HostPlugin.signals)
        let client = try RawClient.connected(to: broker, "c", .v5)
        client.publish("child", "")
        try broker.waitForLog(exactly: "REC ended by \(SIGUSR1)")
        client.send(Wire.pingreq)
        try client.expect(Wire.pingresp)
        try broker.stop()
        #expect(Self.count("Saving", in: broker) == 0)
    }
}
