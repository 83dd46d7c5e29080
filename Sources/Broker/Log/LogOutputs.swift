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
    /// The way to the journal; nil without one.
    private var journal: JournalSocket?
    /// The facility of lines in the journal.
    private var facility: CInt = LOG_DAEMON

    /// Why a destination is not there, and what is logged while it is not.
    struct Failure {
        /// The line to log.
        let line: String
        /// Whether it is an error, not a warning.
        let isError: Bool
    }

    deinit {
        if fileDescriptor >= 0 { _ = Glibc.close(fileDescriptor) }
    }

    /// Closes what is open and opens what `configuration` names.
    ///
    /// - Returns: what to say of the log file or the journal if it could not be opened; stderr then
    ///   takes its place.
    mutating func open(_ configuration: LogConfiguration) -> [Failure] {
        close()
        destinations = configuration.destinations
        facility = Self.facility(configuration.facility)
        if destinations.contains(.syslog) {
            openSyslog(facility)
            isSyslogOpen = true
        }
        return [openJournal(configuration), openFile(configuration)].compactMap { $0 }
    }

    private mutating func openJournal(_ configuration: LogConfiguration) -> Failure? {
        guard destinations.contains(.journal) else { return nil }
        do throws(JournalFailure) {
            journal = try JournalSocket(path: configuration.journalPath)
            return nil
        } catch {
            destinations.remove(.journal)
            destinations.insert(.stderr)
            return Failure(
                line: "Warning: Unable to reach the journal at \(configuration.journalPath):"
                    + " \(error.reason). Log lines go to stderr.",
                isError: false
            )
        }
    }

    private mutating func openFile(_ configuration: LogConfiguration) -> Failure? {
        guard destinations.contains(.file), let path = configuration.filePath else { return nil }
        do {
            fileDescriptor = try SensitiveFile.openForAppending(path)
            return nil
        } catch {
            destinations.remove(.file)
            destinations.insert(.stderr)
            return Failure(
                line: "Error: Unable to open log file \(path) for writing: \(error.explanation)"
                    + "\(configuration.fileMention). Lines go to stderr instead.",
                isError: true
            )
        }
    }

    /// Writes one line of the given type to every destination but the topic; whether each has taken it.
    ///
    /// What the journal does not take goes to stderr.
    mutating func write(
        _ line: LogLine,
        type: LogTypes,
        _ message: String,
        _ fields: LogFields
    ) -> Bool {
        let priority = Self.priority(type)
        let isInJournal =
            journal?.send(message, fields, priority: priority, facility: facility) ?? true
        var isWritten = true
        if destinations.contains(.stdout), !Self.write(line.bytes, to: STDOUT_FILENO) {
            isWritten = false
        }
        let isForStderr = destinations.contains(.stderr) || !isInJournal
        if isForStderr, !Self.write(line.bytes, to: STDERR_FILENO) { isWritten = false }
        let isFile = fileDescriptor >= 0
        if isFile, !Self.write(line.bytes, to: fileDescriptor) { isWritten = false }
        guard destinations.contains(.syslog) else { return isWritten }
        line.cString.withUnsafeBufferPointer { text in
            guard let start = text.baseAddress else { return }
            withVaList([start]) { vsyslog(priority, "%s", $0) }
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

    /// Closes the log file and the connections to syslog and the journal.
    private mutating func close() {
        if fileDescriptor >= 0 { _ = Glibc.close(fileDescriptor) }
        fileDescriptor = -1
        if isSyslogOpen { closelog() }
        isSyslogOpen = false
        journal = nil
    }

    /// Writes all bytes; a destination that fails loses the line, and whoever asks counts that.
    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
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
