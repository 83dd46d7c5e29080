// SPDX-License-Identifier: Apache-2.0
// The client tools beside Debian's, on the same broker.

import Foundation
import TestSupport
import Testing

/// Whether Debian's tools are installed.
private let hasDebian = ["pub", "sub", "rr"].allSatisfy {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/mosquitto_\($0)")
}

@Suite("The client tools beside Debian's", .serialized, .enabled(if: hasDebian))
struct CompareTests {
    /// Runs a script with the programs of a folder.
    private func run(_ script: String, folder: String, _ broker: Broker) throws -> Outcome {
        var lines = ["PORT=\(broker.port)"]
        for name in ["pub", "sub", "rr"] {
            let program = "timeout 15 \(folder)/mosquitto_\(name)"
            lines.append("\(name.uppercased())='\(program) -h 127.0.0.1 -p \(broker.port)'")
            lines.append("BARE_\(name.uppercased())='\(program)'")
        }
        return try ChildProcess.run(
            "/bin/sh",
            ["-c", lines.joined(separator: "\n") + "\n" + script],
            environment: ["XDG_CONFIG_HOME": "/nonexistent", "TZ": "UTC"],
            seconds: 60
        )
    }

    @Test("same output, same errors, same exit status", arguments: CompareRow.all)
    func compare(_ row: CompareRow) throws {
        let broker = try Broker.shared(workers: 1)
        let theirs = try run(row.script, folder: "/usr/bin", broker)
        let folder = (Broker.built("mosquitto_pub") as NSString).deletingLastPathComponent
        let ours = try run(row.script, folder: folder, broker)
        #expect(ours.output == row.output ?? theirs.output)
        #expect(ours.errors == row.errors ?? theirs.errors)
        #expect(ours.status == row.status ?? theirs.status)
    }
}
