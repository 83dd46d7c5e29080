// SPDX-License-Identifier: Apache-2.0
// Which strings MQTT permits.

import MQTT
import Testing

/// The reference: the standard library's decoder and MQTT's list of refused code points.
private func isPermitted(_ bytes: [UInt8]) -> Bool {
    guard let text = String(validating: bytes, as: UTF8.self) else { return false }
    return text.unicodeScalars.allSatisfy { scalar in
        let value = scalar.value
        return value >= 0x20 && !(0x7F...0x9F).contains(value) && value & 0xFFFE != 0xFFFE
            && !(0xFDD0...0xFDEF).contains(value)
    }
}

@Suite("UTF-8")
struct UTF8ValidationTests {
    @Test(
        "[MQTT-1.5.4-1] [MQTT-1.5.4-2] Refused sequences",
        arguments: [
            "00", "01", "1f", "7f", "c2 80", "c2 9f", "c0 80", "c1 bf", "e0 80 80", "e0 9f bf",
            "ed a0 80", "ed bf bf", "ef b7 90", "ef b7 af", "ef bf be", "ef bf bf", "f0 80 80 80",
            "f0 8f bf bf", "f0 9f bf be", "f4 8f bf bf", "f4 90 80 80", "f5 80 80 80", "80", "bf",
            "c2", "e2 82", "f0 9f 98", "ff", "fe", "c2 41", "e2 41 80",
        ]
    )
    func refused(text: String) {
        // At every distance from the front, so that the fast path and its end are both met.
        for lead in 0..<20 {
            let padding = [UInt8](repeating: 0x61, count: lead)
            #expect(!isUTF8((padding + hex(text))))
            #expect(!isUTF8((padding + hex(text) + padding)))
        }
    }

    @Test(
        "Permitted sequences",
        arguments: [
            "", "20", "7e", "c2 a0", "df bf", "e0 a0 80", "ed 9f bf", "ee 80 80", "ef bb bf",
            "ef b7 8f", "ef b7 b0", "ef bf bd", "f0 90 80 80", "f0 aa 9b 94", "f4 8f bf bd",
        ]
    )
    func permitted(text: String) {
        for lead in 0..<20 {
            let padding = [UInt8](repeating: 0x61, count: lead)
            #expect(isUTF8((padding + hex(text) + padding)))
        }
    }

    @Test("Every code point and every pair of bytes is judged as the standard library judges it")
    func agreesWithStandardLibrary() {
        for value in 0...0x10_FFFF as ClosedRange<UInt32> {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = [UInt8](String(Character(scalar)).utf8)
            if isUTF8(bytes) != isPermitted(bytes) {
                Issue.record("U+\(String(value, radix: 16))")
            }
        }
        for first in 0...255 as ClosedRange<UInt8> {
            for second in 0...255 as ClosedRange<UInt8> {
                let bytes = [first, second]
                if isUTF8(bytes) != isPermitted(bytes) {
                    Issue.record("bytes \(bytes)")
                }
            }
        }
    }
}
