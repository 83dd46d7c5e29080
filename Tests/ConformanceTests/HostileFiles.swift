// SPDX-License-Identifier: Apache-2.0
// Files of passwords, rules, keys and options that hold what they should not: they are read or
// refused, and the broker never ends by a signal.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Hostile files")
struct HostileFiles {
    /// What a file holds instead of what it should.
    enum Content: String, CaseIterable, Sendable {
        case nothing, onlyNewlines, noFinalNewline, nulInside, nulFirst, invalidUTF8, longLine
        case longNames, onlySeparators, carriageReturns, random, directory, missing, fifo

        /// Writes the file; `line` is a right one.
        func write(to path: String, line: Bytes) throws {
            let bytes: Bytes
            switch self {
            case .nothing: bytes = []
            case .onlyNewlines: bytes = Bytes(repeating: 0x0A, count: 100_000)
            case .noFinalNewline: bytes = line
            case .nulInside: bytes = line + [0x0A] + line.prefix(3) + [0] + line + [0x0A]
            case .nulFirst: bytes = [0] + line + [0x0A]
            case .invalidUTF8:
                bytes = line + [0x0A, 0xFF, 0xC0, 0x80, 0xED, 0xA0, 0x80, 0x3A, 0x0A]
            case .longLine: bytes = Bytes(repeating: 0x61, count: 1 << 20) + [0x0A] + line
            case .longNames:
                bytes = [65_534, 65_535, 65_536].flatMap { count in
                    Bytes(repeating: 0x61, count: count) + line + [0x0A]
                }
            case .onlySeparators: bytes = Bytes(utf8(String(repeating: ":$ \t/+#%\n", count: 5000)))
            case .carriageReturns: bytes = line + [0x0D, 0x0D, 0x0A, 0x0D] + line + [0x0D]
            case .random:
                var generator = Hostile.Generator(state: 0x5EED_0F_F11E5)
                bytes = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
            case .directory:
                return try FileManager.default.createDirectory(
                    atPath: path,
                    withIntermediateDirectories: false
                )
            case .missing: return
            case .fifo:
                guard mkfifo(path, 0o600) == 0 else { throw Mismatch("mkfifo: errno \(errno)") }
                return
            }
            try Data(bytes).write(to: URL(filePath: path))
            chmod(path, 0o600)
        }
    }

    /// Where the file is named, and a right line of it.
    enum Option: String, CaseIterable, Sendable {
        case password_file, acl_file, psk_file, scram, dynsec, include_dir, config

        var line: Bytes {
            let key = String(repeating: "A", count: 86) + "=="
            return switch self {
            case .password_file: utf8("user:$7$101$\(key)$\(key)")
            case .acl_file: utf8("user u\ntopic readwrite a/+/#")
            case .psk_file: utf8("identity:0123456789abcdef")
            case .scram: utf8("user:SCRAM-SHA-256$4096:AAAA$AAAA:AAAA")
            case .dynsec: utf8(#"{"clients":[{"username":"u"}],"groups":[],"roles":[]}"#)
            case .include_dir, .config: utf8("max_queued_messages 5")
            }
        }

        /// The lines of the configuration that name `path`.
        func lines(_ path: String) -> String {
            let folder = (Broker.executable as NSString).deletingLastPathComponent
            return switch self {
            case .password_file, .acl_file: "\(rawValue) \(path)\n"
            case .psk_file: "psk_file \(path)\npsk_hint h\n"
            case .scram:
                "plugin \(folder)/libmosquitto_scram.so\nplugin_opt_credential_file \(path)\n"
            case .dynsec:
                "plugin \(folder)/libmosquitto_dynamic_security.so\nplugin_opt_config_file \(path)\n"
            case .include_dir: "include_dir \((path as NSString).deletingLastPathComponent)\n"
            case .config: ""
            }
        }
    }

    @Test(
        "A file is read or refused, whatever is in it",
        arguments: Option.allCases,
        Content.allCases
    )
    func file(option: Option, content: Content) throws {
        // A FIFO as configuration waits for its writer, as it should: `-c <(…)` is one.
        guard content != .fifo || (option != .config && option != .include_dir) else { return }
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let folder = directory + "/files"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = folder + "/file.conf"
        try content.write(to: path, line: option.line)
        let main = option == .config ? path : directory + "/mosquitto.conf"
        if option != .config {
            let text =
                "listener \(try Broker.freePort()) 127.0.0.1\nlog_type all\n"
                + (geteuid() == 0 ? "user root\n" : "") + option.lines(path)
            try text.write(toFile: main, atomically: false, encoding: .utf8)
        }
        let arguments = option == .config ? ["-c", main, "--test-config"] : ["-c", main]
        let process = try ChildProcess(Broker.executable, arguments, directory: directory)
        if option != .config,
            process.errors.wait(seconds: 10, where: { $0.hasSuffix(" running") }) != nil
        {
            process.signal(SIGHUP)
            process.signal(SIGTERM)
        }
        let outcome = try #require(process.wait(seconds: 60), "neither served nor ended")
        #expect(outcome.status < 128, "\(outcome.errors.suffix(2000))")
    }
}
