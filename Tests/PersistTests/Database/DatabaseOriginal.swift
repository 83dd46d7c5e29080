// SPDX-License-Identifier: Apache-2.0
// The original broker with a file of its own or of ours.

import Foundation
import Glibc
import TestSupport

/// An original broker that keeps its state in a folder.
final class DatabaseOriginal {
    static let executable = "/usr/sbin/mosquitto"
    static let isAvailable = access(executable, X_OK) == 0

    let port: Int
    private let process: ChildProcess

    /// Starts a broker and waits until it runs.
    init(in folder: DatabaseFolder) throws {
        port = try Broker.freePort()
        process = try Self.start(in: folder, port: port)
        guard process.errors.wait(seconds: 20, where: { $0.hasSuffix(" running") }) != nil else {
            throw Mismatch("the original broker did not start:\n\(process.errors.text)")
        }
        // A signal between that line and the first turn of its loop would be lost.
        try connect("probe", clean: true).disconnect()
    }

    private static func start(in folder: DatabaseFolder, port: Int) throws -> ChildProcess {
        let configuration = """
            listener \(port) 127.0.0.1
            allow_anonymous true
            \(geteuid() == 0 ? "user root" : "")
            log_type all
            queue_qos0_messages true
            persistence true
            persistence_location \(folder.path)/

            """
        let path = folder.path + "/mosquitto.conf"
        try configuration.write(toFile: path, atomically: true, encoding: .utf8)
        return try ChildProcess(executable, ["-c", path])
    }

    /// Starts a broker that must not come up, and returns its exit status and log.
    static func refusal(in folder: DatabaseFolder) throws -> (status: CInt, lines: [String]) {
        let process = try start(in: folder, port: try Broker.freePort())
        guard let outcome = process.wait(seconds: 20) else {
            throw Mismatch("the original broker runs")
        }
        return (outcome.status, process.errors.lines.map(Broker.withoutTimeStamp))
    }

    /// What was logged so far.
    var log: String { process.errors.text }

    /// Ends the broker, which writes its file; the exit status must be 0.
    func stop() throws {
        process.signal(SIGTERM)
        guard let outcome = process.wait(seconds: 10), outcome.status == 0 else {
            throw Mismatch("the broker did not end well:\n\(process.errors.text)")
        }
    }

    /// Connects a client to a session that is kept, and checks whether there was one.
    func connect(
        _ clientIdentifier: String,
        _ version: Version = .v4,
        clean: Bool = false,
        userName: String? = nil,
        properties: Bytes = [],
        sessionPresent: Bool = false,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> RawClient {
        let client = try RawClient(port: port)
        client.speak(version)
        client.patienceSeconds = 20
        client.send(
            Wire.connect(
                clientIdentifier,
                version,
                clean: clean,
                username: userName,
                properties: properties
            )
        )
        let answer = try client.readPacket(file: file, line: line)
        guard answer.count >= 4, answer[0] == 0x20, answer[2] == (sessionPresent ? 1 : 0),
            answer[3] == 0
        else { throw Mismatch("unexpected CONNACK \(hexText(answer))", file: file, line: line) }
        return client
    }
}
