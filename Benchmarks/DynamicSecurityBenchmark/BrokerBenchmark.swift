// SPDX-License-Identifier: Apache-2.0
// The plugin in a broker: what an administrator and another client feel.

import Foundation
import Synchronization
import TestSupport

/// Measures a broker with a plugin from outside.
enum BrokerBenchmark {
    static func run(
        _ executable: String,
        plugin: String,
        clients count: Int,
        directory: String
    ) throws {
        let path = directory + "/dynsec.json"
        try Population.write(
            count,
            to: path,
            forVersion20: plugin.hasSuffix("/mosquitto_dynamic_security.so")
        )
        let port = try TestSupport.Broker.freePort()
        let configuration = directory + "/mosquitto.conf"
        try """
        listener \(port) 127.0.0.1
        allow_anonymous true
        user root
        log_type error
        log_type notice
        plugin \(plugin)
        plugin_opt_config_file \(path)

        """.write(toFile: configuration, atomically: true, encoding: .utf8)
        let start = nowMilliseconds()
        let process = try ChildProcess(executable, ["-c", configuration])
        while !isListening(port) {
            guard !process.errors.waitForEnd(seconds: 0.001) else {
                throw Mismatch(process.errors.text)
            }
        }
        print(
            String(format: "start until the listener is open: %.0f ms", nowMilliseconds() - start)
        )
        print("resident memory: \(residentBytes(String(process.pid)) / 1_000_000) MB")
        try measure(port)
        process.signal(SIGTERM)
        _ = process.wait(seconds: 20)
    }

    private static func isListening(_ port: Int) -> Bool { (try? RawClient(port: port)) != nil }

    private static func measure(_ port: Int) throws {
        let topic = "$CONTROL/dynamic-security/v1"
        let admin = try RawClient(port: port)
        admin.patienceSeconds = 30
        admin.send(Wire.connect("admin", username: "admin", password: Population.adminPassword))
        try admin.expect(Wire.connack(.v4))
        try admin.subscribe(topic + "/response")
        let isChanging = Atomic(false)
        let isDone = Atomic(false)
        let idle = Mutex(Latencies())
        let busy = Mutex(Latencies())
        let pinger = Thread {
            do {
                try ping(port, until: isDone) { duration in
                    if isChanging.load(ordering: .relaxed) {
                        busy.withLock { $0.add(duration) }
                    } else {
                        idle.withLock { $0.add(duration) }
                    }
                }
            } catch {
                print("the other client failed: \(error)")
            }
        }
        pinger.start()
        sleep(2)
        isChanging.store(true, ordering: .relaxed)
        var changes = Latencies()
        for index in 0..<3_000 {
            let start = nowMilliseconds()
            let command =
                #"{"commands":[{"command":"createClient","username":"new-\#(index)","password":"pw","roles":[{"rolename":"role-000001"}]}]}"#
            admin.send(Wire.publish(.v4, topic, command))
            _ = try admin.readPacket()
            changes.add(nowMilliseconds() - start)
        }
        isDone.store(true, ordering: .relaxed)
        print("createClient, request to answer: \(changes.text)")
        print("another client's PINGREQ to PINGRESP meanwhile: \(busy.withLock { $0.text })")
        print("the same before any change: \(idle.withLock { $0.text })")
    }

    /// A client that measures how long the broker takes to answer it.
    private static func ping(
        _ port: Int,
        until isDone: borrowing Atomic<Bool>,
        _ report: (Double) -> Void
    ) throws {
        let client = try RawClient(port: port)
        client.patienceSeconds = 30
        client.send(Wire.connect("pinger"))
        try client.expect(Wire.connack(.v4))
        while !isDone.load(ordering: .relaxed) {
            let start = nowMilliseconds()
            try client.expectSilence()
            report(nowMilliseconds() - start)
            usleep(500)
        }
    }
}
