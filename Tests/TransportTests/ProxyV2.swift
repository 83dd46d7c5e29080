// SPDX-License-Identifier: Apache-2.0
// Builds PROXY headers of version 2.

import TestSupport

/// Builds version 2 headers.
struct ProxyV2 {
    var command: UInt8 = 0x21
    var family: UInt8 = 0x11
    var address = hex("C0000205 0A000001 1883 075B")
    var entries = Bytes()

    /// The SSL entry with its sub-entries.
    static func tls(
        flags: UInt8 = 5,
        verify: UInt8 = 0,
        version: String? = "TLSv1.3",
        cipher: String? = "C1",
        name: String? = nil
    ) -> Bytes {
        var value: Bytes = [flags, 0, 0, 0, verify]
        if let version { value += entry(0x21, utf8(version)) }
        if let cipher { value += entry(0x23, utf8(cipher)) }
        if let name { value += entry(0x22, utf8(name)) }
        return entry(0x20, value)
    }

    static func entry(_ type: UInt8, _ value: Bytes) -> Bytes {
        [type] + Wire.int16(value.count) + value
    }

    var encoded: Bytes {
        let body = address + entries
        return hex("0D0A0D0A 000D0A51 5549540A") + [command, family] + Wire.int16(body.count) + body
    }
}
