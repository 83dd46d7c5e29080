// SPDX-License-Identifier: Apache-2.0
// What root's process keeps of root when it becomes somebody else.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Privileges", .enabled(if: geteuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0))
struct Privileges {
    /// Ids to become, and the groups that are left.
    static let cases: [(environment: [String: String], options: String, groups: String)] = [
        (["PUID": "54321", "PGID": "54322"], "", ""),
        (["PUID": "54321"], "", ""),
        (["PGID": "54322"], "", ""),
        (["PUID": "65534", "PGID": "54322"], "", "54322"),
        ([:], "user nobody\n", "65534"),
    ]

    @Test("Supplementary groups are those of the new user", arguments: cases)
    func groups(environment: [String: String], options: String, groups: String) throws {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/conf"
        try "listener \(Broker.freePort()) 127.0.0.1\nallow_anonymous true\n\(options)"
            .write(toFile: path, atomically: false, encoding: .utf8)
        let process = try ChildProcess(
            "/usr/bin/setpriv",
            ["--groups", "4,27", Broker.executable, "-c", path],
            directory: directory,
            environment: environment
        )
        defer {
            process.signal(SIGTERM)
            _ = process.wait(seconds: 10)
        }
        _ = try #require(process.errors.wait(from: 0, seconds: 10) { $0.hasSuffix(" running") })
        let status = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("Groups:") })
        let found = line.dropFirst("Groups:".count).split(whereSeparator: \.isWhitespace)
        #expect(found.joined(separator: " ") == groups)
    }
}
