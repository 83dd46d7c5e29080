// SPDX-License-Identifier: Apache-2.0
// The bytes of one log line.

import Glibc

/// One log line: time, text, line feed.
///
/// Control characters other than the tab become `?`, so that text from a peer cannot start a line of its
/// own or drive a terminal.
struct LogLine {
    /// The line, ending with a line feed.
    private(set) var bytes: [UInt8] = []
    /// Where the message begins after the time.
    private let messageOffset: Int

    /// Formats `message` as `configuration` asks, cut to `Log.lineBytesMax` bytes.
    init(_ message: String, configuration: LogConfiguration) {
        bytes.reserveCapacity(message.utf8.count + 40)
        if configuration.hasTimestamp {
            bytes.append(contentsOf: Self.timestamp(configuration.timestampFormat).utf8)
            bytes.append(contentsOf: ": ".utf8)
        }
        messageOffset = min(bytes.count, Log.lineBytesMax)
        var end = message.utf8.endIndex
        while end > message.utf8.startIndex {
            let before = message.utf8.index(before: end)
            guard message.utf8[before] == 0x0A || message.utf8[before] == 0x0D else { break }
            end = before
        }
        for byte in message.utf8[..<end] {
            bytes.append((byte < 0x20 && byte != 0x09) || byte == 0x7F ? 0x3F : byte)
        }
        cut()
        bytes.append(0x0A)
    }

    /// The line without its line feed.
    var text: String { String(decoding: bytes.dropLast(), as: UTF8.self) }

    /// The line without its line feed as a C string.
    var cString: [CChar] { bytes.dropLast().map { CChar(bitPattern: $0) } + [0] }

    /// Shortens the line to the limit, never inside a character.
    private mutating func cut() {
        guard bytes.count > Log.lineBytesMax else { return }
        var end = Log.lineBytesMax
        while end > messageOffset, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        bytes.removeSubrange(end...)
    }

    /// The current time in the configured form.
    private static func timestamp(_ format: String?) -> String {
        var now = time(nil)
        guard let format else { return String(now) }
        var local = tm()
        guard localtime_r(&now, &local) != nil else { return "Time error" }
        var buffer = [CChar](repeating: 0, count: 256)
        let count = strftime(&buffer, buffer.count, format, &local)
        guard count > 0 else { return "Time error" }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
