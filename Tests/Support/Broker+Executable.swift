// SPDX-License-Identifier: Apache-2.0
// Which executable is under test, what it knows, and brokers shared between tests.

import Foundation
import Glibc

extension Broker {
    /// Whose broker a test starts.
    package enum Program: Sendable, CaseIterable {
        /// What `$BROKER` names, else this project's.
        case underTest
        /// This project's, built beside the tests.
        case own
        /// The original, as the distribution ships it.
        case original

        /// The executable.
        package var path: String {
            switch self {
            case .underTest: Broker.executable
            case .own: Broker.built("mosquitto")
            case .original: "/usr/sbin/mosquitto"
            }
        }

        /// Whether it is there.
        package var isInstalled: Bool { access(path, X_OK) == 0 }

        /// The original and this project's, as far as they are there.
        package static let installed: [Program] = [.original, .own].filter(\.isInstalled)

        /// Whether it has the option `worker_threads`; the original has not.
        var knowsWorkerThreads: Bool {
            switch self {
            case .underTest: Broker.knowsWorkerThreads
            case .own: true
            case .original: false
            }
        }
    }

    /// The executable under test: `$BROKER`, or the one built beside the tests.
    package static let executable: String =
        ProcessInfo.processInfo.environment["BROKER"] ?? built("mosquitto")

    /// The path of a file that was built beside the tests.
    package static func built(_ name: String) -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        if count > 0 {
            let own = String(
                decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) },
                as: UTF8.self
            )
            let beside = (own as NSString).deletingLastPathComponent + "/" + name
            if access(beside, F_OK) == 0 { return beside }
        }
        return packageRoot + "/.build/debug/" + name
    }

    /// The plugin of this name, built beside the tests.
    package static func plugin(_ name: String) -> String { built("libmosquitto_\(name).so") }

    /// The directory of `Package.swift`.
    package static let packageRoot: String = {
        // This file is Tests/Support/Broker+Executable.swift below it.
        var path = #filePath as NSString
        for _ in 0..<3 { path = path.deletingLastPathComponent as NSString }
        return path as String
    }()

    /// The Python that has the clients the tests use: `scripts/test.sh` makes it.
    package static let python: String = {
        let own = packageRoot + "/.build/python/bin/python3"
        return access(own, X_OK) == 0 ? own : "python3"
    }()

    /// Whether the broker under test has the option `worker_threads`; the original has not.
    package static let knowsWorkerThreads: Bool = {
        do {
            let directory = try makeDirectory()
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let path = directory + "/probe.conf"
            try "worker_threads 2\n".write(toFile: path, atomically: false, encoding: .utf8)
            return try ChildProcess.run(executable, ["-c", path, "--test-config"]).status == 0
        } catch {
            return false
        }
    }()

    /// The numbers of reactors every suite runs with.
    ///
    /// Two share a thread while their work fits there, four have a thread each.
    package static let reactorCounts: [Int] = knowsWorkerThreads ? [1, 2, 4] : [1]

    /// A broker shared by all tests that ask for the same configuration.
    ///
    /// Tests that use one take client identifiers and topics nobody else takes; see `unique`.
    package static func shared(_ config: String = Broker.plain, workers: Int) throws -> Broker {
        try SharedBrokers.instance.broker(config, workers: workers)
    }
}

/// A text that begins with `stem` and that no other call returns.
package func unique(_ stem: String) -> String {
    "\(stem)-\(SharedBrokers.instance.nextNumber())"
}

/// The shared brokers by configuration; they live as long as the test process.
private final class SharedBrokers: @unchecked Sendable {
    // `@unchecked Sendable`: every variable is only touched with `lock` held.
    static let instance = SharedBrokers()
    private let lock = NSLock()
    private var brokers: [String: Broker] = [:]
    private var failures: [String: any Error] = [:]
    private var number = 0

    func nextNumber() -> Int {
        lock.withLock {
            number += 1
            return number
        }
    }

    func broker(_ config: String, workers: Int) throws -> Broker {
        let key = "\(workers)\n\(config)"
        return try lock.withLock {
            if let error = failures[key] { throw error }
            if let broker = brokers[key] { return broker }
            do {
                if brokers.isEmpty { atexit { SharedBrokers.instance.removeDirectories() } }
                let broker = try Broker(config, workers: workers)
                brokers[key] = broker
                return broker
            } catch {
                failures[key] = error
                throw error
            }
        }
    }

    /// The brokers themselves are ended by the kernel together with this process.
    private func removeDirectories() {
        for broker in brokers.values {
            try? FileManager.default.removeItem(atPath: broker.directory)
        }
    }
}
