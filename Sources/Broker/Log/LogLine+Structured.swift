// SPDX-License-Identifier: Apache-2.0
// Log lines for programs: JSON objects and logfmt.

extension LogLine {
    /// `{"time":"…","level":"notice","msg":"…","client_id":"…",…}`: one JSON object (RFC 8259).
    mutating func appendJSON(
        _ type: LogTypes,
        _ message: String,
        _ fields: LogFields,
        _ configuration: LogConfiguration
    ) {
        append("{".utf8)
        if configuration.hasTimestamp {
            append("\"time\":\"".utf8)
            appendEscaped(Self.structuredTimestamp(configuration.timestampFormat).utf8)
            append("\",".utf8)
        }
        append("\"level\":\"\(type.levelName)\",\"msg\":\"".utf8)
        appendEscaped(Self.messageText(message))
        append("\"".utf8)
        fields.visit { name, _, value in
            append(",\"\(name)\":\"".utf8)
            appendEscaped(value.utf8)
            append("\"".utf8)
        }
        append("}".utf8)
    }

    /// `time=… level=notice msg="…" client_id=…`: values in quotation marks where they need them.
    mutating func appendLogfmt(
        _ type: LogTypes,
        _ message: String,
        _ fields: LogFields,
        _ configuration: LogConfiguration
    ) {
        if configuration.hasTimestamp {
            append("time=".utf8)
            appendValue(Self.structuredTimestamp(configuration.timestampFormat).utf8)
            append(" ".utf8)
        }
        append("level=\(type.levelName) msg=".utf8)
        appendValue(Self.messageText(message))
        fields.visit { name, _, value in
            append(" \(name)=".utf8)
            appendValue(value.utf8)
        }
    }

    /// A value of logfmt: bare where no reader can misunderstand it.
    private mutating func appendValue(_ value: some Collection<UInt8>) {
        let isBare =
            !value.isEmpty
            && value.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C }
        if isBare { return append(value) }
        append("\"".utf8)
        appendEscaped(value)
        append("\"".utf8)
    }

    /// The inside of a JSON string; also what would drive a terminal is escaped: DEL, and the
    /// control characters U+0080 to U+009F.
    ///
    /// The bytes are UTF-8.
    private mutating func appendEscaped(_ text: some Collection<UInt8>) {
        var previous: UInt8 = 0
        for byte in text {
            switch byte {
            case 0x22: append("\\\"".utf8)
            case 0x5C: append("\\\\".utf8)
            case 0x09: append("\\t".utf8)
            case 0x0A: append("\\n".utf8)
            case 0x0D: append("\\r".utf8)
            case 0..<0x20, 0x7F: append("\\u00\(Self.hexadecimal(byte))".utf8)
            // U+0080 to U+009F are C2 80 to C2 9F.
            case 0xC2: break
            case 0x80...0x9F where previous == 0xC2:
                append("\\u00\(Self.hexadecimal(byte))".utf8)
            default:
                if previous == 0xC2 { append(CollectionOfOne(previous)) }
                append(CollectionOfOne(byte))
            }
            previous = byte
        }
        assert(previous != 0xC2, "text is whole characters")
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.utf8.count == 1 ? "0\(digits)" : digits
    }
}

extension LogTypes {
    /// The level of a line in JSON and logfmt: the word of `log_type`.
    var levelName: String {
        switch self {
        case .information: "information"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        case .debug: "debug"
        case .subscribe: "subscribe"
        case .unsubscribe: "unsubscribe"
        case .websockets: "websockets"
        default: "internal"
        }
    }
}
