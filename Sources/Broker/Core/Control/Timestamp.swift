// SPDX-License-Identifier: Apache-2.0
// Times in answers.

import Glibc

/// A time as RFC 3339 writes it.
package enum Timestamp {
    /// `2026-11-30T17:10:03Z`, for seconds since 1970.
    package static func text(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        let day =
            "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1))"
            + "-\(padded(parts.tm_mday))"
        return "\(day)T\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))Z"
    }

    /// `2026-11-30T17:10:03.042Z`, for milliseconds since 1970.
    static func text(milliseconds: Int64) -> String {
        assert(milliseconds >= 0, "nothing happened before 1970")
        let fraction = padded(CInt(truncatingIfNeeded: milliseconds % 1000), 3)
        return text(milliseconds / 1000).dropLast() + ".\(fraction)Z"
    }

    private static func padded(_ number: CInt, _ width: Int = 2) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
