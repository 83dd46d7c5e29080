// SPDX-License-Identifier: Apache-2.0
// The open destinations of the log.

import CLinux
import Glibc
import SafeFiles

/// The open destinations of the log; owned by `Log` and used under its lock only.
struct LogOutputs: ~Copyable {
    /// Where lines go now; differs from the configuration when the log file could not be opened.
    private(set) var destinations: LogDestinations = .stderr
    /// The open log file, or -1.
    private var fileDescriptor: CInt = -1
    /// Whether `openlog` was called.
    private var isSyslogOpen = false

    deinit {
        if fileDescriptor >= 0 { _ = Glibc.close(fileDescriptor) }
    }

    /// Closes what is open and opens what `configuration` names.
    ///
    /// - Returns: the line to log if the log file could not be opened; stderr then takes its place.
    mutating func open(_ configuration: LogConfiguration) -> String? {
        close()
        destinations = configuration.destinations
        if destinations.contains(.syslog) {
            openSyslog(Self.facility(configuration.facility))
            isSyslogOpen = true
        }
        guard destinations.contains(.file), let path = configuration.filePath else { return nil }
        do {
            fileDescriptor = try SensitiveFile.openForAppending(path)
            return nil
        } catch {
            destinations.remove(.file)
            destinations.insert(.stderr)
            return "Error: Unable to open log file \(path) for writing: \(error.reason)."
        }
    }

    /// Writes one line of the given type to every destination but the topic; whether each has taken it.
    func write(_ line: LogLine, type: LogTypes) -> Bool {
        var isWritten = true
        let isFile = fileDescriptor >= 0
        if destinations.contains(.stdout), !Self.write(line.bytes, to: STDOUT_FILENO) {
            isWritten = false
        }
        if destinations.contains(.stderr), !Self.write(line.bytes, to: STDERR_FILENO) {
            isWritten = false
        }
        if isFile, !Self.write(line.bytes, to: fileDescriptor) { isWritten = false }
        guard destinations.contains(.syslog) else { return isWritten }
        line.cString.withUnsafeBufferPointer { text in
            guard let start = text.baseAddress else { return }
            withVaList([start]) { vsyslog(Self.priority(type), "%s", $0) }
        }
        return isWritten
    }

    /// Connects to syslog under the broker's name; `openlog` keeps the pointer, a static string lives.
    private func openSyslog(_ facility: CInt) {
        let ident: StaticString = "mosquitto"
        ident.utf8Start.withMemoryRebound(to: CChar.self, capacity: ident.utf8CodeUnitCount + 1) {
            openlog($0, LOG_PID | LOG_CONS, facility)
        }
    }

    /// Closes the log file and the connection to syslog.
    private mutating func close() {
        if fileDescriptor >= 0 { _ = Glibc.close(fileDescriptor) }
        fileDescriptor = -1
        if isSyslogOpen { closelog() }
        isSyslogOpen = false
    }

    /// Writes all bytes; a destination that fails loses the line, which is counted.
    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = Glibc.write(
                    descriptor,
                    buffer.baseAddress?.advanced(by: offset),
                    buffer.count - offset
                )
                if count > 0 {
                    offset += count
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }

    /// The syslog facility of a `log_facility` value.
    private static func facility(_ number: Int?) -> CInt {
        guard let number else { return LOG_DAEMON }
        return CInt(16 + number) << 3
    }

    /// The syslog priority of a log type.
    private static func priority(_ type: LogTypes) -> CInt {
        switch type {
        case .information: LOG_INFO
        case .notice, .subscribe, .unsubscribe: LOG_NOTICE
        case .warning: LOG_WARNING
        case .debug, .websockets: LOG_DEBUG
        default: LOG_ERR
        }
    }
}
