// SPDX-License-Identifier: Apache-2.0
// A state file with many clients that have a role each.

import DynamicSecurity
import Foundation
import PasswordHash
import PluginSDK

/// The state the measurements are made with.
enum Population {
    static let adminPassword = "admin-password"

    /// Writes a file with `count` clients, each with its own role of three rules, and an administrator.
    static func write(_ count: Int, to path: String, forVersion20: Bool = false) throws {
        var model = Model()
        var defaults = DefaultAccess()
        defaults.publishClientReceive = true
        defaults.unsubscribe = true
        _ = model.replaceDefaults(with: defaults)
        // One hash for all: making them would take longer than everything that is measured.
        let hash =
            forVersion20 ? nil : StoredPassword.make(ByteString(adminPassword), iterations: 1_000)
        let password = forVersion20 ? savedPassword() : []
        let all: [ACLType] = [.publishClientSend, .publishClientReceive, .subscribePattern]
        let admin = Role(
            name: "admin",
            acls: all.map { ACL(type: $0, topic: "$CONTROL/#", isAllowed: true) }
        )
        _ = model.replaceRole(admin.name, with: admin)
        var fields = Client.Fields(username: "admin")
        fields.password = hash
        fields.extra = password
        fields.roles = [Assignment(admin.name)]
        _ = model.replaceClient(fields.username, with: Client(fields))
        for index in 0..<count {
            let number = String(index)
            let digits = String(repeating: "0", count: max(0, 6 - number.count)) + number
            let role = DynamicSecurity.Role(
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
            fields.extra = password
            fields.roles = [Assignment(role.name)]
            _ = model.replaceClient(fields.username, with: Client(fields))
        }
        try Data(StateFile.text(of: model)).write(to: URL(filePath: path))
    }

    /// The administrator's password in the form of version 2.0, which every version reads.
    private static func savedPassword() -> [ExtraMember] {
        // Version 2.0 takes salts of 12 bytes only.
        let salt = [UInt8](repeating: 7, count: 12)
        let password = Array(adminPassword.utf8)
        let hash = PasswordHash(hashing: password, with: .pbkdf2(iterations: 1_000), salt: salt)
        let parts = hash?.encoded.split(separator: "$").map(String.init) ?? []
        guard parts.count == 4 else { return [] }
        return [
            ExtraMember(name: "password", value: ByteString("\"\(parts[3])\"")),
            ExtraMember(name: "salt", value: ByteString("\"\(parts[2])\"")),
            ExtraMember(name: "iterations", value: "1000"),
        ]
    }
}

/// How long this disk takes to keep a few hundred bytes, as a scale for everything that is kept.
func diskLatencies(_ directory: String) -> Latencies {
    var latencies = Latencies()
    let descriptor = open(directory + "/disk", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer { _ = close(descriptor) }
    let bytes = [UInt8](repeating: 1, count: 400)
    for _ in 0..<1_000 {
        let start = nowMilliseconds()
        guard write(descriptor, bytes, bytes.count) > 0, fdatasync(descriptor) == 0 else { break }
        latencies.add(nowMilliseconds() - start)
    }
    return latencies
}

/// Milliseconds of a clock that only goes forward.
func nowMilliseconds() -> Double { ProcessInfo.processInfo.systemUptime * 1_000 }

/// The resident memory of a process in bytes.
func residentBytes(_ process: String = "self") -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").compactMap { Int($0) }
    return pages.count > 1 ? pages[1] * Int(getpagesize()) : 0
}

/// The processor time this process has used, in milliseconds.
func processorMilliseconds() -> Double { Double(clock()) * 1_000 / Double(CLOCKS_PER_SEC) }
