// SPDX-License-Identifier: Apache-2.0
// When a message came, in the forms it is printed in.

import Glibc

/// The time at which a message came.
package struct ReceiptTime: Sendable {
    /// Seconds since 1970.
    package let seconds: Int
    /// Nanoseconds in that second, below 1,000,000,000.
    package let nanoseconds: Int

    /// A known time.
    package init(seconds: Int, nanoseconds: Int) {
        assert((0..<1_000_000_000).contains(nanoseconds), "a second has no more")
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// The time it is.
    package static var now: ReceiptTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return ReceiptTime(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    /// One conversion of `strftime`, in local time.
    func formatted(_ format: [CChar]) -> [UInt8] {
        var moment = seconds
        var parts = tm()
        localtime_r(&moment, &parts)
        var text = [CChar](repeating: 0, count: 200)
        let count = strftime(&text, text.count, format, &parts)
        return text.prefix(count).map { UInt8(bitPattern: $0) }
    }

    /// `YYYY-MM-DDThh:mm:ss+zzzz`.
    var iso: [UInt8] { formatted(Self.date) + formatted(Self.zone) }

    /// The same with microseconds.
    var isoWithMicroseconds: [UInt8] {
        formatted(Self.date) + [UInt8(ascii: ".")] + Self.digits(nanoseconds / 1000, 6)
            + formatted(Self.zone)
    }

    /// `seconds.nanoseconds` since 1970.
    var unix: [UInt8] { Array(String(seconds).utf8) + [UInt8(ascii: ".")] + nineDigits }

    /// The nanoseconds with zeros in front.
    var nineDigits: [UInt8] { Self.digits(nanoseconds, 9) }

    private static let date = "%Y-%m-%dT%H:%M:%S".utf8CString.map(\.self)
    private static let zone = "%z".utf8CString.map(\.self)

    private static func digits(_ number: Int, _ count: Int) -> [UInt8] {
        let text = Array(String(number).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, count - text.count)) + text
    }
}
