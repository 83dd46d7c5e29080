// SPDX-License-Identifier: Apache-2.0
// A state file with many clients that have a role each.

import DynamicSecurity
import Foundation

/// The state the measurements are made with.
enum Population {
    static let adminPassword = "admin-password"

    /// Writes a file with `count` clients, each with its own role of three rules, and an administrator.
    static func write(_ count: Int, to path: String) throws {
        var model = Model()
        var defaults = DefaultAccess()
        defaults.publishClientReceive = true
        defaults.unsubscribe = true
        _ = model.replaceDefaults(with: defaults)
        // One hash for all: making them would take longer than everything that is measured.
        let hash = StoredPassword.make(ByteString(adminPassword), iterations: 1_000)
        let all: [ACLType] = [.publishClientSend, .publishClientReceive, .subscribePattern]
        let admin = Role(
            name: "admin",
            acls: all.map { ACL(type: $0, topic: "$CONTROL/#", isAllowed: true) }
        )
        _ = model.replaceRole(admin.name, with: admin)
        var fields = Client.Fields(username: "admin")
        fields.password = hash
        fields.roles = [Assignment(admin.name)]
        _ = model.replaceClient(fields.username, with: Client(fields))
        for index in 0..<count {
            let number = String(index)
            let digits = String(repeating: "0", count: max(0, 6 - number.count)) + number
            let role = Role(
                name: ByteString("role-\(digits)"),
                textName: ByteString("Role of device \(digits)"),
                acls: [
                    ACL(
                        type: .publishClientSend,
                        topic: ByteString("devices/\(digits)/#"),
                        isAllowed: true
                    ),
                    ACL(
                        type: .publishClientReceive,
                        topic: ByteString("devices/\(digits)/#"),
                        isAllowed: true
                    ),
                    ACL(
                        type: .subscribePattern,
                        topic: ByteString("devices/\(digits)/#"),
                        isAllowed: true
                    ),
                ]
            )
            _ = model.replaceRole(role.name, with: role)
            var fields = Client.Fields(username: ByteString("device-\(digits)"))
            fields.textName = ByteString("Device \(digits)")
            fields.password = hash
            fields.roles = [Assignment(role.name)]
            _ = model.replaceClient(fields.username, with: Client(fields))
        }
        try Data(StateFile.text(of: model)).write(to: URL(filePath: path))
    }
}

/// Durations in milliseconds.
struct Latencies {
    private var values: [Double] = []

    mutating func add(_ milliseconds: Double) { values.append(milliseconds) }

    /// The middle, the 99th percentile and the largest.
    var text: String {
        let sorted = values.sorted()
        guard let last = sorted.last else { return "nothing measured" }
        func at(_ share: Double) -> Double {
            sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
        }
        return String(
            format: "p50 %.2f ms, p99 %.2f ms, max %.2f ms (%d)",
            at(0.5),
            at(0.99),
            last,
            sorted.count
        )
    }
}

/// Milliseconds of a clock that only goes forward.
func nowMilliseconds() -> Double { ProcessInfo.processInfo.systemUptime * 1_000 }

/// The resident memory of a process in bytes.
func residentBytes(_ process: String = "self") -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").compactMap { Int($0) }
    return pages.count > 1 ? pages[1] * Int(getpagesize()) : 0
}
