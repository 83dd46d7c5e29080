// SPDX-License-Identifier: Apache-2.0
// Running the built broker and collecting what it says.

import Foundation
import Testing

/// One run of the built broker that ends by itself.
struct BrokerCommand {
    let status: Int32
    let output: String
    let errors: String

    /// Runs the broker with the arguments and waits for its end.
    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        let process = try Self.process(arguments, environment)
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        self.output = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        self.errors = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        process.waitUntilExit()
        status = process.terminationStatus
    }

    /// The lines on stderr without the time.
    var lines: [String] {
        errors.split(separator: "\n").map { line in
            let parts = line.split(separator: ": ", maxSplits: 1)
            return Int(parts[0]) == nil ? String(line) : String(parts[parts.count - 1])
        }
    }

    /// A process of the broker that was built with the tests.
    static func process(
        _ arguments: [String],
        _ environment: [String: String]
    ) throws -> Process {
        let process = Process()
        process.executableURL = try executable()
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        return process
    }

    /// The broker beside the test bundle.
    private static func executable() throws -> URL {
        let directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        let candidates = [directory, directory.appendingPathComponent("../debug")]
            .map { $0.appendingPathComponent("mosquitto") }
        return try #require(
            candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) },
            "the broker was not built beside \(directory.path)"
        )
    }
}

/// A directory that goes away with its owner.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/mosquitto-config-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("cannot remove \(path): \(error)")
        }
    }

    /// Writes a file and returns its path.
    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }
}
