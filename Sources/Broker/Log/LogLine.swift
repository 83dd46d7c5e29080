// SPDX-License-Identifier: Apache-2.0
// The bytes of one log line.

import Glibc

/// One log line: time, text, line feed, or the same with its fields as JSON or logfmt.
///
/// Control characters of the text other than the tab become `?`, so that text from a peer cannot start
/// a line of its own or drive a terminal.
struct LogLine {
    /// The line, ending with a line feed.
    private(set) var bytes: [UInt8] = []

    /// Formats a line as `configuration` asks.
    init(
        _ type: LogTypes,
        _ message: String,
        _ fields: LogFields,
        configuration: LogConfiguration
    ) {
        switch configuration.format {
        case .text: appendText(message, configuration)
        case .json: appendJSON(type, message, fields, configuration)
        case .logfmt: appendLogfmt(type, message, fields, configuration)
        }
        assert(!bytes.contains(0x0A), "a line is one line")
        bytes.append(0x0A)
    }

    /// Time and text, cut to `Log.lineBytesMax` bytes.
    private mutating func appendText(_ message: String, _ configuration: LogConfiguration) {
        bytes.reserveCapacity(message.utf8.count + 40)
        if configuration.hasTimestamp {
            bytes.append(contentsOf: Self.timestamp(configuration.timestampFormat).utf8)
            bytes.append(contentsOf: ": ".utf8)
        }
        let timeCount = min(bytes.count, Log.lineBytesMax)
        bytes += Self.cleaned(message)
        Self.cut(&bytes, keeping: timeCount)
    }

    /// The line without its line feed.
    var text: String { String(decoding: bytes.dropLast(), as: UTF8.self) }

    /// The line without its line feed as a C string.
    var cString: [CChar] { bytes.dropLast().map { CChar(bitPattern: $0) } + [0] }

    /// A text without line ends behind it and without control characters.
    static func cleaned(_ message: String) -> [UInt8] {
        var end = message.utf8.endIndex
        while end > message.utf8.startIndex {
            let before = message.utf8.index(before: end)
            guard message.utf8[before] == 0x0A || message.utf8[before] == 0x0D else { break }
            end = before
        }
        return message.utf8[..<end].map { byte in
            (byte < 0x20 && byte != 0x09) || byte == 0x7F ? 0x3F : byte
        }
    }

    /// The text of a message as every form of the log has it: cleaned, and at most
    /// `Log.lineBytesMax` bytes.
    static func messageText(_ message: String) -> [UInt8] {
        var bytes = cleaned(message)
        cut(&bytes, keeping: 0)
        return bytes
    }

    /// Shortens a text to the limit, never inside a character.
    private static func cut(_ bytes: inout [UInt8], keeping offset: Int) {
        guard bytes.count > Log.lineBytesMax else { return }
        var end = Log.lineBytesMax
        while end > offset, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        bytes.removeSubrange(end...)
    }

    /// Appends bytes that are part of the form.
    mutating func append(_ bytes: some Sequence<UInt8>) { self.bytes.append(contentsOf: bytes) }

    // MARK: Time

    /// The current time in the configured form.
    private static func timestamp(_ format: String?) -> String {
        let now = time(nil)
        guard let format else { return String(now) }
        return formatted(now, format, isLocal: true)
    }

    /// The current time for programs: in the configured form, else as RFC 3339 says, UTC with
    /// milliseconds.
    static func structuredTimestamp(_ format: String?) -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        if let format { return formatted(now.tv_sec, format, isLocal: true) }
        let milliseconds = String(now.tv_nsec / 1_000_000)
        let padding = String(repeating: "0", count: max(3 - milliseconds.utf8.count, 0))
        let seconds = formatted(now.tv_sec, "%Y-%m-%dT%H:%M:%S", isLocal: false)
        return "\(seconds).\(padding)\(milliseconds)Z"
    }

    private static func formatted(_ seconds: time_t, _ format: String, isLocal: Bool) -> String {
        var seconds = seconds
        var fields = tm()
        guard (isLocal ? localtime_r(&seconds, &fields) : gmtime_r(&seconds, &fields)) != nil else {
            return "Time error"
        }
        var buffer = [CChar](repeating: 0, count: 256)
        let count = strftime(&buffer, buffer.count, format, &fields)
        guard count > 0 else { return "Time error" }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
