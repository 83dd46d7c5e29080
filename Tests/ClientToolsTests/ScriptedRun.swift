// SPDX-License-Identifier: Apache-2.0
// A run of a client tool against a broker that a test plays.

import TestSupport
import Testing

/// A run of a client tool against a broker that a test plays.
struct ScriptedRun {
    let remote: ScriptedRemote
    let process: ChildProcess

    /// Starts a tool.
    init(_ tool: String, _ line: String) throws {
        remote = try ScriptedRemote()
        let words = line.split(separator: " ").map { $0 == "''" ? "" : String($0) }
        process = try ChildProcess(
            Broker.built("mosquitto_\(tool)"),
            ["-h", "127.0.0.1", "-p", "\(remote.port)"] + words,
            environment: ["XDG_CONFIG_HOME": "/nonexistent"]
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
