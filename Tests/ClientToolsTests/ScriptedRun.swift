// SPDX-License-Identifier: Apache-2.0
// A run of a client tool against a broker that a test plays.

import TestSupport
import Testing

/// A run of a client tool against a broker that a test plays.
struct ScriptedRun {
    let remote: ScriptedRemote
    let process: ChildProcess

    /// Starts a tool, on a terminal of its own if that is wanted; `%PORT%` stands for the port of the broker.
    init(_ tool: String, _ line: String, onTerminal: Bool = false) throws {
        remote = try ScriptedRemote()
        let words = line.replacing("%PORT%", with: "\(remote.port)").split(separator: " ")
            .map { $0 == "''" ? "" : String($0) }
        let path = Broker.built("mosquitto_\(tool)")
        let place = line.contains("%PORT%") ? [] : ["-h", "127.0.0.1", "-p", "\(remote.port)"]
        let environment = ["XDG_CONFIG_HOME": "/nonexistent"]
        guard onTerminal else {
            process = try ChildProcess(path, place + words, environment: environment)
            return
        }
        let command = ([path] + place + words).map { "'\($0)'" }.joined(separator: " ")
        process = try ChildProcess(
            "/usr/bin/script",
            ["-q", "-e", "-c", command, "/dev/null"],
            environment: environment
        )
    }

    /// The tool's connection, of which CONNECT has been read.
    func accept(_ version: Version = .v4) throws -> RawClient {
        let client = try remote.accept()
        client.speak(version)
        _ = try client.readPacket()
        return client
    }

    /// The end of the tool.
    func end() throws -> Outcome {
        try #require(process.wait(seconds: 15))
    }
}
