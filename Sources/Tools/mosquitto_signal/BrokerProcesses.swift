// SPDX-License-Identifier: Apache-2.0
// Finds the brokers that run on this machine.

import Glibc

/// The brokers that run on this machine, as far as one may see them.
enum BrokerProcesses {
    /// How much of a command line is looked at: its first word is the program.
    private static let commandByteCountMax = 255

    /// The processes whose program is called mosquitto, in the order the system lists them.
    static func running() -> [pid_t] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var found: [pid_t] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let process = pid_t(name), isBroker(commandLine(of: process)) else { continue }
            found.append(process)
        }
        return found
    }

    /// Whether a command line, words with a NUL behind each, is that of a broker.
    static func isBroker(_ commandLine: [UInt8]) -> Bool {
        let program = commandLine.prefix { $0 != 0 }
        let name = program.suffix(
            from: program.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        )
        return name.elementsEqual("mosquitto".utf8)
    }

    private static func commandLine(of process: pid_t) -> [UInt8] {
        let file = open("/proc/\(process)/cmdline", O_RDONLY | O_CLOEXEC)
        guard file != -1 else { return [] }
        defer { close(file) }
        return Array(unsafeUninitializedCapacity: commandByteCountMax) { buffer, count in
            count = max(0, read(file, buffer.baseAddress, buffer.count))
        }
    }
}
