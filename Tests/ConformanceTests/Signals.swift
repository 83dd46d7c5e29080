// SPDX-License-Identifier: Apache-2.0
// Signals: stopping, saving, reopening logs, printing the tree.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Signals")
struct Signals {
    @Test(
        "SIGTERM and SIGINT stop the broker with status 0; clients just see the end",
        arguments: [SIGTERM, SIGINT],
        reactors
    )
    func stop(number: CInt, workers: Int) throws {
        let broker = try Broker(workers: workers)
        let clients = try (0..<50).map { try RawClient.connected(to: broker, "c\($0)", .v5) }
        broker.process.signal(number)
        for client in clients { try client.expectClosed() }
        let outcome = try #require(broker.process.wait(seconds: 10))
        #expect(outcome.status == 0)
        #expect(outcome.errors.split(separator: "\n").last?.hasSuffix(" terminating") == true)
    }

    @Test("A broker is up within two seconds and can be stopped at once", arguments: reactors)
    func quick(workers: Int) throws {
        let start = ContinuousClock.now
        let broker = try Broker(workers: workers)
        try RawClient.connected(to: broker, "c").expectSilence()
        #expect(ContinuousClock.now - start < .seconds(2))
        try broker.stop()
    }

    @Test("SIGUSR2 prints the subscription tree to standard output", arguments: reactors)
    func tree(workers: Int) throws {
        let broker = try Broker(workers: workers)
        let client = try RawClient.connected(to: broker, "printed")
        try client.subscribe("alpha/beta/+", 2)
        try client.subscribe("$share/group/gamma/#", 1, id: 2)
        broker.process.signal(SIGUSR2)
        let output = broker.process.output
        #expect(output.wait(seconds: 5) { $0.contains("+ (printed, 2)") } != nil, "\(output.text)")
        #expect(output.wait(seconds: 5) { $0.contains("# (printed, 1)") } != nil, "\(output.text)")
        #expect(output.lines.contains { $0.hasPrefix(" ") && $0.contains("alpha") })
        try client.expectSilence()
        try broker.stop()
    }

    @Test("SIGRTMIN reopens the log file", arguments: reactors)
    func reopen(workers: Int) throws {
        let broker = try Broker(
            Broker.plain + "log_dest file %DIR%/m.log\nlog_dest stderr\n",
            workers: workers
        )
        let path = broker.directory + "/m.log"
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        // SIGRTMIN is a function of the C library; on Linux with glibc it is 34.
        broker.process.signal(34)
        let client = try RawClient.connected(to: broker, "c")
        try Reload.eventually(client) { FileManager.default.fileExists(atPath: path) }
        try RawClient.connected(to: broker, "after").disconnect()
        try Reload.eventually(client) {
            try String(contentsOfFile: path, encoding: .utf8).contains(" as after (")
        }
        try broker.stop()
    }

    @Test(
        "SIGPIPE and, without a database, SIGUSR1 change nothing",
        arguments: [SIGPIPE, SIGUSR1],
        reactors
    )
    func harmless(number: CInt, workers: Int) throws {
        let broker = try Broker(workers: workers)
        let client = try RawClient.connected(to: broker, "c")
        for _ in 0..<3 {
            broker.process.signal(number)
            try client.expectSilence()
        }
        try broker.stop()
    }
}
