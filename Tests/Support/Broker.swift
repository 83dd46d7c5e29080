// SPDX-License-Identifier: Apache-2.0
// Starts the broker under test with a configuration of the test's own.

import Foundation
import Glibc

/// A running broker: the real executable, an ephemeral loopback port, a directory of its own.
///
/// In configuration texts `%PORT%`, `%PORT2%`, `%PORT3%` stand for free ports and `%DIR%` for the directory.
package final class Broker: Sendable {
    package let process: ChildProcess
    package let directory: String
    /// The ports that stand in the configuration for `%PORT%`, `%PORT2%`, `%PORT3%`.
    package let ports: [Int]
    /// The configuration file.
    package let configurationPath: String
    private let program: Program
    private let workers: Int
    /// Whether the directory goes away with the broker.
    private let ownsDirectory: Bool

    /// The first port.
    package var port: Int { ports[0] }

    /// One open listener that logs everything.
    package static let plain = """
        listener %PORT% 127.0.0.1
        allow_anonymous true
        log_type all

        """

    /// Starts a broker and waits until it reports that it runs.
    ///
    /// - Parameters:
    ///   - config: The text of the configuration file; nil for none at all.
    ///   - program: Whose broker.
    ///   - workers: The number of reactors, written as `worker_threads` where the broker knows that.
    ///   - existing: A directory that is there already and stays when the broker goes; nil for a new one.
    ///   - files: Further files for the directory, by name.
    ///   - arguments: Further arguments, after `-c FILE`; `%PORT%` stands for the first port.
    ///   - descriptorLimit: RLIMIT_NOFILE of the broker.
    ///   - launcher: A command that becomes the broker, whose own is appended to it.
    ///   - readyLine: How the log line ends that tells of readiness; nil to wait until the port answers.
    package init(
        _ config: String? = Broker.plain,
        of program: Program = .underTest,
        workers: Int,
        in existing: String? = nil,
        files: [String: String] = [:],
        arguments: [String] = [],
        environment: [String: String] = [:],
        descriptorLimit: Int? = nil,
        launcher: [String] = [],
        readyLine: String? = " running"
    ) throws {
        let directory = try existing ?? Self.makeDirectory()
        self.directory = directory
        ownsDirectory = existing == nil
        self.program = program
        self.workers = workers
        configurationPath = directory + "/mosquitto.conf"
        for (name, text) in files {
            try text.replacing("%DIR%", with: directory)
                .write(toFile: directory + "/" + name, atomically: false, encoding: .utf8)
            chmod(directory + "/" + name, 0o600)
        }
        for attempt in 1... {
            let ports = try (0..<3).map { _ in try Self.freePort() }
            var command = arguments.map { $0.replacing("%PORT%", with: "\(ports[0])") }
            if let config {
                try Self.fill(config, program, ports, directory, workers: workers)
                    .write(toFile: configurationPath, atomically: false, encoding: .utf8)
                command = ["-c", configurationPath] + command
            }
            let words =
                launcher.map { $0.replacing("%DIR%", with: directory) } + [program.path] + command
            let process = try ChildProcess(
                words[0],
                Array(words.dropFirst()),
                directory: directory,
                environment: environment,
                descriptorLimit: descriptorLimit
            )
            if Self.isReady(process, readyLine, port: ports[0]) {
                self.process = process
                self.ports = ports
                return
            }
            // Somebody else may have taken the port since it was found free.
            let log = process.errors.text
            guard attempt < 3, log.contains("Address already in use") else {
                throw Mismatch("broker did not start:\n\(log)")
            }
        }
        throw Mismatch("unreachable: the loop above has no end")
    }

    deinit {
        process.signal(SIGKILL)
        if ownsDirectory { try? FileManager.default.removeItem(atPath: directory) }
    }

    /// Replaces the configuration file, for a reload; as a whole where one may be under way.
    package func rewrite(_ config: String, atomically isAtomic: Bool = false) throws {
        try Self.fill(config, program, ports, directory, workers: workers)
            .write(toFile: configurationPath, atomically: isAtomic, encoding: .utf8)
    }

    /// Sends SIGTERM and waits; the exit status must be 0.
    package func stop(file: StaticString = #fileID, line: UInt = #line) throws {
        process.signal(SIGTERM)
        guard let outcome = process.wait(seconds: 30) else {
            throw Mismatch("broker still runs 30 s after SIGTERM", file: file, line: line)
        }
        guard outcome.status == 0 else {
            throw Mismatch(
                "exit status \(outcome.status)\n\(outcome.errors.suffix(2000))",
                file: file,
                line: line
            )
        }
    }

    /// The number of log lines so far; a mark to wait from.
    package var logMark: Int { process.errors.lines.count }

    /// Waits for a log line that contains `text`, and returns it without its time stamp.
    @discardableResult
    package func waitForLog(
        containing text: String,
        from mark: Int = 0,
        seconds: Double = 20,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> String {
        guard
            let found = process.errors.wait(
                from: mark,
                seconds: seconds,
                where: { $0.contains(text) }
            )
        else {
            let tail = process.errors.lines.dropFirst(mark).suffix(40).joined(separator: "\n")
            throw Mismatch(
                "no log line has '\(text)'; the last are\n\(tail)",
                file: file,
                line: line
            )
        }
        return Self.withoutTimeStamp(found)
    }

    /// Waits for a log line that is exactly `text` after its time stamp.
    package func waitForLog(
        exactly text: String,
        from mark: Int = 0,
        seconds: Double = 20,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        let found = process.errors.wait(from: mark, seconds: seconds) {
            Self.withoutTimeStamp($0) == text
        }
        guard found == nil else { return }
        let tail = process.errors.lines.dropFirst(mark).suffix(40).joined(separator: "\n")
        throw Mismatch("no log line is '\(text)'; the last are\n\(tail)", file: file, line: line)
    }

    /// Resident and virtual size of the broker in bytes.
    package func memory() throws -> (resident: Int, virtual: Int) {
        let text = try String(contentsOfFile: "/proc/\(process.pid)/statm", encoding: .utf8)
        let pages = text.split(separator: " ").compactMap { Int($0) }
        guard pages.count > 1 else { throw Mismatch("unexpected statm: \(text)") }
        let size = sysconf(CInt(_SC_PAGESIZE))
        return (pages[1] * size, pages[0] * size)
    }

    /// How many descriptors the kernel has room for in the broker's table.
    package func descriptorRoom() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("FDSize:") }
        return line.flatMap { Int($0.dropFirst(7).trimmingCharacters(in: .whitespaces)) } ?? 0
    }

    /// The names of the broker's threads.
    package func threadNames() throws -> [String] {
        let tasks = "/proc/\(process.pid)/task"
        return try FileManager.default.contentsOfDirectory(atPath: tasks).map {
            try String(contentsOfFile: "\(tasks)/\($0)/comm", encoding: .utf8).trimmingCharacters(
                in: .newlines
            )
        }
    }

    /// How nice the broker's threads are to others, by name.
    package func threadNiceness() throws -> [String: Int] {
        let tasks = "/proc/\(process.pid)/task"
        var niceness: [String: Int] = [:]
        for task in try FileManager.default.contentsOfDirectory(atPath: tasks) {
            let text = try String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8)
            let parts = text.split(separator: ")", maxSplits: 1)
            guard parts.count == 2, let name = parts[0].split(separator: "(").last else { continue }
            // The fields from the third on; niceness is the nineteenth.
            let fields = parts[1].split(separator: " ")
            niceness[String(name)] = fields.count > 16 ? Int(fields[16]) : nil
        }
        return niceness
    }

    /// A log line without its `<seconds>: ` prefix.
    package static func withoutTimeStamp(_ line: String) -> String {
        guard let colon = line.range(of: ": "), line[..<colon.lowerBound].allSatisfy(\.isNumber)
        else { return line }
        return String(line[colon.upperBound...])
    }
}

extension Broker {
    private static func isReady(_ process: ChildProcess, _ line: String?, port: Int) -> Bool {
        if let line {
            return process.errors.wait(seconds: 60) { $0.hasSuffix(line) } != nil
        }
        // Without a log the port itself has to be asked; each pause ends early if the broker does.
        for _ in 0..<200 {
            if RawClient.canConnect(port: port) { return true }
            if process.errors.waitForEnd(seconds: 0.05) { return false }
        }
        return false
    }

    /// Whether plugins run in processes of their own unless a test says something else.
    package static let isolatesPlugins =
        ProcessInfo.processInfo.environment["ISOLATE_PLUGINS"] == "1"

    /// The text of the configuration file: what stands for something is replaced, and what every
    /// test wants comes first.
    private static func fill(
        _ config: String,
        _ program: Program,
        _ ports: [Int],
        _ directory: String,
        workers: Int
    ) -> String {
        var text = config
        for (index, port) in ports.enumerated() {
            text = text.replacing("%PORT\(index == 0 ? "" : String(index + 1))%", with: "\(port)")
        }
        var head = ""
        let takesWorkerThreads = program.knowsWorkerThreads
        if takesWorkerThreads, !config.contains("worker_threads") {
            head += "worker_threads \(workers)\n"
            // Two reactors share a thread while they can, more have one each all the time.
            if workers > 2 { head += "worker_gathering false\n" }
        }
        if program == .underTest, !takesWorkerThreads, !config.contains("max_packet_size") {
            // The default of 2.1, spelled out for an older original used to check the tests.
            head += "max_packet_size 2000000\n"
        }
        if program == .underTest, isolatesPlugins { head += "plugin_isolation process\n" }
        if geteuid() == 0, !"\n\(config)".contains("\nuser ") { head += "user root\n" }
        return head + text.replacing("%DIR%", with: directory)
    }

    /// Makes an empty directory that anybody may enter.
    package static func makeDirectory() throws -> String {
        var template = utf8("/tmp/mqtt-XXXXXX").map { CChar(bitPattern: $0) } + [0]
        guard mkdtemp(&template) != nil else { throw Mismatch("mkdtemp: errno \(errno)") }
        let path = String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
        chmod(path, 0o755)
        return path
    }

    /// Finds a port of 127.0.0.1 nobody listens on, outside the range of outgoing connections.
    package static func freePort() throws -> Int {
        for _ in 0..<1000 {
            let port = Int.random(in: 10_000..<32_000)
            let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            let result = RawClient.withAddress(port: port) { bind(descriptor, $0, $1) }
            if result == 0 { return port }
        }
        throw Mismatch("no free port")
    }
}
