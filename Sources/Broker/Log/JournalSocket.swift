// SPDX-License-Identifier: Apache-2.0
// The journal of systemd by its native protocol.

import Glibc

/// Sends log lines to the journal: one datagram each, with fields of their own
/// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/).
///
/// ```
/// datagram = *( NAME "=" value LF / NAME LF length value LF )
/// length   = 64 bits, little-endian: bytes of the value
/// ```
/// The second form is for values with a line feed or another control character in them.
struct JournalSocket: ~Copyable {
    private let descriptor: CInt
    private var address: sockaddr_un
    /// Lines that the journal has not taken since it last took one.
    private var lostCount = 0

    /// Makes a socket for the journal at `path`, whose existence is looked at once.
    ///
    /// - Throws: the errno that says why there is no journal there.
    init(path: String) throws(JournalFailure) {
        var address = sockaddr_un()
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw JournalFailure(code: ENAMETOOLONG)
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = Self.makeSocket()
        guard descriptor >= 0 else { throw JournalFailure(code: errno) }
        // Connected and let go again: lines name the address anew each time, so that they arrive also
        // when the journal has been started again.
        let probe = Self.makeSocket()
        guard probe >= 0, Self.connect(probe, &address) == 0 else {
            let failure = JournalFailure(code: errno)
            if probe >= 0 { _ = Glibc.close(probe) }
            _ = Glibc.close(descriptor)
            throw failure
        }
        _ = Glibc.close(probe)
        self.descriptor = descriptor
        self.address = address
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Sends a line; false when the journal is not there.
    ///
    /// Never waits: a line for which the journal has no room is lost, and the next one says how many
    /// were.
    mutating func send(
        _ message: String,
        _ fields: LogFields,
        priority: CInt,
        facility: CInt
    ) -> Bool {
        if lostCount > 0 {
            let text = "\(lostCount) log lines were lost: the journal had no room for them."
            let code = send(
                Self.entry(text, LogFields(), priority: LOG_WARNING, facility: facility)
            )
            if code == 0 { lostCount = 0 }
        }
        switch send(Self.entry(message, fields, priority: priority, facility: facility)) {
        case 0: return true
        case EAGAIN, ENOBUFS, EMSGSIZE:
            lostCount += 1
            return true
        default: return false
        }
    }

    /// Sends one datagram; 0 or an errno.
    private mutating func send(_ entry: [UInt8]) -> CInt {
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                while true {
                    let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
                    let count = sendto(descriptor, entry, entry.count, flags, address, size)
                    if count >= 0 { return 0 }
                    if errno != EINTR { return errno }
                }
            }
        }
    }

    // MARK: The datagram

    /// The datagram of one line.
    private static func entry(
        _ message: String,
        _ fields: LogFields,
        priority: CInt,
        facility: CInt
    ) -> [UInt8] {
        assert((0...7).contains(priority), "syslog has eight priorities")
        var bytes: [UInt8] = []
        append("MESSAGE", LogLine.messageText(message), to: &bytes)
        append("PRIORITY", Array(String(priority).utf8), to: &bytes)
        append("SYSLOG_FACILITY", Array(String(facility >> 3).utf8), to: &bytes)
        append("SYSLOG_IDENTIFIER", Array("mosquitto".utf8), to: &bytes)
        if let event = fields.event {
            append("MESSAGE_ID", Array(event.messageID.utf8), to: &bytes)
        }
        fields.visit { _, name, value in append(name, Array(value.utf8), to: &bytes) }
        return bytes
    }

    private static func append(_ name: StaticString, _ value: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        )
        if value.contains(where: { $0 < 0x20 && $0 != 0x09 }) {
            bytes.append(0x0A)
            withUnsafeBytes(of: UInt64(value.count).littleEndian) { bytes.append(contentsOf: $0) }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes += value
        bytes.append(0x0A)
    }

    // MARK: Sockets

    private static func makeSocket() -> CInt {
        socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    private static func connect(_ descriptor: CInt, _ address: inout sockaddr_un) -> CInt {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// Why there is no journal.
struct JournalFailure: Error {
    /// An errno.
    let code: CInt

    /// The errno in words.
    var reason: String { String(cString: strerror(code)) }
}
