// SPDX-License-Identifier: Apache-2.0
// A broker, the original or ours, with our plugins in it.

import Foundation
import Glibc
import Testing

/// Whose broker.
enum BrokerKind: CaseIterable {
    /// The original as the distribution ships it.
    case original
    /// This project's, built beside the tests.
    case own

    /// Those that are here.
    static let installed = allCases.filter { FileManager.default.isExecutableFile(atPath: $0.path) }

    var path: String {
        switch self {
        case .original: "/usr/sbin/mosquitto"
        case .own: BrokerProcess.built("mosquitto")
        }
    }
}

/// Runs a broker on a port of its own.
final class BrokerProcess {

    /// A plugin built beside the tests.
    static func plugin(_ name: String) -> String { built("lib\(name).so") }

    /// A file built beside the tests.
    static func built(_ name: String) -> String {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return program.deletingLastPathComponent().appendingPathComponent(name).path
    }

    let port: UInt16
    let directory: URL
    private let process: pid_t
    private let output: CInt
    private var partial: [UInt8] = []
    private var status: Int32?

    /// Writes files, and a configuration in which `DIR` stands for their directory, and starts the broker.
    init(_ kind: BrokerKind, files: [String: String], configuration: String) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
            UUID().uuidString
        )
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        self.directory = directory
        port = try Self.freePort()
        let text =
            "user root\nlistener \(port) 127.0.0.1\n"
            + configuration.replacing("DIR", with: directory.path)
        for (name, content) in files { try Self.write(directory, name, content) }
        try Self.write(directory, "mosquitto.conf", text)
        (process, output) = try Self.spawn(
            [kind.path, "-c", directory.appendingPathComponent("mosquitto.conf").path])
    }

    deinit {
        if status == nil {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        close(output)
        try? FileManager.default.removeItem(at: directory)
    }

    /// Starts a program with its error output in a pipe.
    ///
    /// The threads tests run on block signals; the broker must not inherit that.
    private static func spawn(_ arguments: [String]) throws -> (pid_t, CInt) {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0, fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 else {
            throw RawClientError.connection(errno)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
        posix_spawn_file_actions_addclose(&actions, ends[1])
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child = pid_t()
        var copies: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        let code = posix_spawn(&child, arguments[0], &actions, &attributes, &copies, environ)
        close(ends[1])
        guard code == 0 else { throw RawClientError.connection(code) }
        return (child, ends[0])
    }

    func write(_ name: String, _ content: String) throws {
        try Self.write(directory, name, content)
    }

    private static func write(_ directory: URL, _ name: String, _ content: String) throws {
        let path = directory.appendingPathComponent(name).path
        let isWritten = FileManager.default.createFile(
            atPath: path,
            contents: Data(content.utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard isWritten else { throw RawClientError.connection(errno) }
    }

    /// Asks the broker to read its files again.
    func reload() { kill(process, SIGHUP) }

    /// Waits until the broker accepts connections.
    func waitForStart() -> Bool { waitForLine { $0.hasSuffix(" running") } }

    /// Reads the log until a line contains a text; `false` if the broker ends before, or says nothing for long.
    func waitForLog(_ text: String) -> Bool { waitForLine { $0.contains(text) } }

    private func waitForLine(_ isWanted: (String) -> Bool) -> Bool {
        while true {
            while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: partial[..<end], as: UTF8.self)
                partial.removeSubrange(...end)
                if isWanted(line) { return true }
            }
            var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 20_000) == 1 else { return false }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = read(output, &chunk, chunk.count)
            if count <= 0 { return false }
            partial += chunk[..<count]
        }
    }

    /// Waits for the broker to end by itself.
    func exitStatus() -> Int32 {
        var status: Int32 = 0
        waitpid(process, &status, 0)
        self.status = status
        return status
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0
                    ? getsockname(descriptor, pointer, &length) : -1
            }
        }
        guard code == 0 else { throw RawClientError.connection(errno) }
        return UInt16(bigEndian: address.sin_port)
    }
}
