// SPDX-License-Identifier: Apache-2.0
// Times in answers.

import Glibc

/// A time as RFC 3339 writes it.
enum Timestamp {
    /// `2026-11-30T17:10:03Z`, for seconds since 1970.
    static func text(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func padded(_ number: CInt, _ width: Int = 2) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let day =
            "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1))"
            + "-\(padded(parts.tm_mday))"
        return "\(day)T\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))Z"
    }
}
