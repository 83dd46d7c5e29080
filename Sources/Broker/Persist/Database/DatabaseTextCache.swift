// SPDX-License-Identifier: Apache-2.0
// Texts that come many times in a row.

import Glibc
import MQTT

/// Makes texts of bytes, and gives the last one again while the bytes stay the same: those of a
/// queue all name the same client.
struct DatabaseTextCache {
    private var bytes: [UInt8] = []
    private var text = ""

    /// The text in a range; nil when it is none that MQTT permits.
    mutating func text(_ body: RawSpan, _ range: Range<Int>) -> String? {
        if isLast(body, range) { return text }
        guard validateUTF8(body, range) else { return nil }
        bytes = UnsafeLoad.array(body, range)
        text = UnsafeLoad.string(body, range)
        return text
    }

    /// The name in a range; nil when it is empty or cannot be one.
    ///
    /// Version 2.0.11 of the original gives sessions without user name the length of an earlier
    /// session's, and whatever its memory holds after that one's name.
    mutating func name(_ body: RawSpan, _ range: Range<Int>) -> String? {
        range.isEmpty ? nil : text(body, range)
    }

    private func isLast(_ body: RawSpan, _ range: Range<Int>) -> Bool {
        guard range.count == bytes.count else { return false }
        return body.extracting(range).withUnsafeBytes { new in
            guard let base = new.baseAddress else { return true }
            return memcmp(base, bytes, new.count) == 0
        }
    }
}
