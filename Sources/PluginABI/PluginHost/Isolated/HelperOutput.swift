// SPDX-License-Identifier: Apache-2.0
// What a helper writes to its standard output and standard error.

/// What a helper writes to its standard output and standard error: its lines, not too many of them, and
/// how the last of it began.
struct HelperOutput {
    /// Bytes of the longest line.
    static let lineMax = 4096
    /// Bytes that are kept for the line about the end of the process.
    static let keptMax = 600
    /// Milliseconds of silence, after which something new begins.
    static let silence: Int64 = 1000
    /// Lines that are handed on each second.
    static let linesMax = 100

    private var line: [UInt8] = []
    private var kept: [UInt8] = []
    private var writtenAt: Int64 = .min
    private var second: Int64 = .min
    private var lineCount = 0
    private var droppedCount = 0

    /// Takes bytes that were written at a time in milliseconds; the lines to log.
    mutating func take(_ bytes: [UInt8], now: Int64) -> [String] {
        var lines: [String] = []
        if now / 1000 != second {
            if droppedCount > 0 { lines.append("(\(droppedCount) more lines)") }
            (second, lineCount, droppedCount) = (now / 1000, 0, 0)
        }
        if writtenAt == .min || now - writtenAt > Self.silence { kept = [] }
        writtenAt = now
        kept += bytes.prefix(Self.keptMax - kept.count)
        for byte in bytes {
            if byte != UInt8(ascii: "\n") { line.append(byte) }
            guard byte == UInt8(ascii: "\n") || line.count >= Self.lineMax else { continue }
            finish(into: &lines)
        }
        return lines
    }

    /// The process has ended: the line that has no end.
    mutating func end() -> [String] {
        var lines: [String] = []
        if !line.isEmpty { finish(into: &lines) }
        return lines
    }

    private mutating func finish(into lines: inout [String]) {
        defer { line = [] }
        guard !line.isEmpty else { return }
        guard lineCount < Self.linesMax else {
            droppedCount += 1
            return
        }
        lineCount += 1
        lines.append(Self.printable(line))
    }

    /// How what was written last began, on one line; empty if nothing was written.
    var lastWords: String {
        let text = kept.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: "|") : $0 }
        return Self.printable(text)
    }

    private static func printable(_ bytes: [UInt8]) -> String {
        String(
            decoding: bytes.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 },
            as: UTF8.self
        )
    }
}
