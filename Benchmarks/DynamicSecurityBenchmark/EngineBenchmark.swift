// SPDX-License-Identifier: Apache-2.0
// The plugin's engine without a broker: loading, memory, changes, access checks.

import DynamicSecurity
import Foundation
import Synchronization

/// Measures the engine in this process.
enum EngineBenchmark {
    static func run(clients count: Int, directory: String) throws {
        let path = directory + "/dynsec.json"
        try populate(50, path)
        let small = engine(path)
        print("access check, 50 clients and roles: \(checkNanoseconds(small)) ns")
        small.close()

        try populate(count, path)
        let size = try Data(contentsOf: URL(filePath: path)).count
        let before = residentBytes()
        let start = nowMilliseconds()
        let processor = processorMilliseconds()
        let large = engine(path)
        let duration = nowMilliseconds() - start
        let used = processorMilliseconds() - processor
        let bytes = residentBytes() - before
        print(
            String(
                format:
                    "loading %d clients and roles (%.1f MB): %.0f ms, %.0f ms of processor time",
                count,
                Double(size) / 1e6,
                duration,
                used
            )
        )
        print("memory per client and role: \(bytes / count) bytes")
        print("access check, \(count) clients and roles: \(checkNanoseconds(large)) ns")
        measureChanges(large)
        large.close()
    }

    /// Makes a file in a process of its own, so that what that leaves in the heap is not measured.
    private static func populate(_ count: Int, _ path: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["populate", String(count), path]
        try process.run()
        process.waitUntilExit()
    }

    private static func engine(_ path: String) -> Engine {
        var settings = Settings()
        settings.configFile = path
        return Engine(
            path: path,
            settings: settings,
            surroundings: Surroundings(
                log: { level, text in if level == .error { print(text) } },
                sessions: { _ in nil }
            )
        )
    }

    /// The time of one check of a client with one role, warm.
    private static func checkNanoseconds(_ engine: Engine) -> Int {
        let rounds = 1_000_000
        let start = nowMilliseconds()
        check(engine, rounds: rounds)
        return Int((nowMilliseconds() - start) * 1e6 / Double(rounds))
    }

    private static func check(_ engine: Engine, rounds: Int) {
        let topic = Array("devices/000042/temperature".utf8)
        let user = Array("device-000042".utf8)
        topic.withUnsafeBufferPointer { topic in
            user.withUnsafeBufferPointer { user in
                let subject = Subject(clientID: user, username: user)
                for _ in 0..<rounds {
                    let decision = engine.directory.check(
                        .write,
                        to: topic,
                        by: subject,
                        isAnonymous: false
                    )
                    precondition(decision == .allow)
                }
            }
        }
    }

    /// Creates clients one by one while another thread checks access and the file is rewritten.
    private static func measureChanges(_ engine: Engine) {
        var changes = Latencies()
        let isDone = Atomic(false)
        let slowestCheck = Atomic(0)
        let checker = Thread {
            while !isDone.load(ordering: .relaxed) {
                let start = nowMilliseconds()
                check(engine, rounds: 1)
                slowestCheck.max(Int((nowMilliseconds() - start) * 1e6), ordering: .relaxed)
                usleep(200)
            }
        }
        checker.start()
        let requester = Requester(clientID: "bench", username: "admin", address: nil)
        for index in 0..<3_000 {
            let command =
                #"{"commands":[{"command":"createClient","username":"new-\#(index)","password":"pw","roles":[{"rolename":"role-000001"}]}]}"#
            let start = nowMilliseconds()
            let answer = Array(command.utf8).withUnsafeBufferPointer {
                engine.control($0, from: requester)
            }
            changes.add(nowMilliseconds() - start)
            precondition(answer.elementsEqual(#"{"responses":[{"command":"createClient"}]}"#.utf8))
            engine.tick()
        }
        isDone.store(true, ordering: .relaxed)
        print("createClient, on disk: \(changes.text)")
        print(
            String(
                format: "slowest access check meanwhile: %.2f ms",
                Double(slowestCheck.load(ordering: .relaxed)) / 1e6
            )
        )
    }
}
