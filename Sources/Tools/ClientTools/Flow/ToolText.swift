// SPDX-License-Identifier: Apache-2.0
// What is said about the end of a connection, and the exit status that goes with it.

import Glibc
import MQTT
import Results

/// Texts and exit statuses for how a connection ends.
package enum ToolText {
    /// A reason code of 5.0 in words.
    static func reason(_ code: UInt8) -> String { "\(ReasonText.text(of: CInt(code)))" }

    /// An error of the library in words.
    static func library(_ code: Int32) -> String { "\(ResultCode.text(of: code))" }

    /// The lines for standard error and the exit status for how a connection has ended.
    package static func end(
        _ end: ConnectionEnd,
        _ options: ToolOptions
    ) -> (lines: [String], status: Int32) {
        switch end {
        case .wanted: return ([], 0)
        case .refused(let code): return (refusal(code, options), Int32(code))
        case .unreachable(let number):
            return (["Error: \(String(cString: strerror(number)))"], 1)
        case .unopened(let code): return (["Unable to connect (\(library(code)))."], 1)
        case .lost(let code):
            return (
                ["Error: \(code < 128 ? library(code) : reason(UInt8(truncatingIfNeeded: code)))"],
                code
            )
        }
    }

    private static func refusal(_ code: UInt8, _ options: ToolOptions) -> [String] {
        let isV5 = options.version == .v5
        var text =
            isV5 || options.tool == .rr
            ? reason(code) : "\(ReasonText.connack(CInt(code)))"
        if isV5, code == ReasonCode.unsupportedProtocolVersion.rawValue {
            text +=
                options.tool == .rr
                ? ". mosquitto_rr only supports connecting to an MQTT v5 broker"
                : ". Try connecting to an MQTT v5 broker, or use MQTT v3.x mode."
        }
        var lines = ["Connection error: \(text)"]
        if options.tool == .pub {
            let error =
                isV5 && options.source != .lines
                ? ResultCode.protocolError : ResultCode.connectionRefused
            lines.append("Error: \(library(error))")
        }
        return lines
    }
}
