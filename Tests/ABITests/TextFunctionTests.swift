// SPDX-License-Identifier: Apache-2.0
// UTF-8, Base64, time, random numbers and the texts for numbers.

import CMosquitto
import CommonLibrary
import Glibc
import Testing

@Suite struct TextFunctionTests {
    private func validate(_ bytes: [UInt8]) -> CInt {
        bytes.withUnsafeBytes {
            mosquitto_validate_utf8($0.bindMemory(to: CChar.self).baseAddress, CInt($0.count))
        }
    }

    @Test(
        "[MQTT-1.5.4-1] Text of any script is well-formed UTF-8",
        arguments: [
            "a", "~", "\u{A0}", "ÿ", "\u{7FF}", "\u{800}", "€", "\u{FFFD}", "𝄞", "\u{10FFFD}",
        ]
    )
    func acceptsText(text: String) {
        #expect(validate(Array(text.utf8)) == 0)
    }

    @Test(
        "[MQTT-1.5.4-1] Forbidden and malformed sequences are refused",
        arguments: [
            [0x00], [0x01], [0x1F], [0x7F], [0xC2, 0x80], [0xC2, 0x9F], [0xC0, 0xAF], [0xC1, 0xBF],
            [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xB7, 0x90],
            [0xEF, 0xB7, 0xAF], [0xEF, 0xBF, 0xBE], [0xEF, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF0, 0x9F, 0xBF, 0xBE], [0xF4, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0x80],
            [0xC3], [0xE2, 0x82], [0xF0, 0x9D, 0x84], [0xC3, 0x28], [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]]
    )
    func refusesText(bytes: [UInt8]) {
        #expect(validate(bytes) == MOSQ_ERR_MALFORMED_UTF8.rawValue)
        #expect(validate(Array("ok".utf8) + bytes) == MOSQ_ERR_MALFORMED_UTF8.rawValue)
    }

    @Test("UTF-8 of no length, and of an impossible one")
    func utf8Lengths() {
        #expect(mosquitto_validate_utf8("", 0) == 0)
        #expect(mosquitto_validate_utf8("", -1) == MOSQ_ERR_INVAL.rawValue)
        #expect(mosquitto_validate_utf8("", 65_537) == MOSQ_ERR_INVAL.rawValue)
        #expect(mosquitto_validate_utf8(nil, 0) == MOSQ_ERR_INVAL.rawValue)
    }

    @Test(
        "Every sequence of two or three bytes is judged as by the original",
        .enabled(if: OriginalLibrary.isInstalled)
    )
    func utf8AgreesWithOriginal() throws {
        let original = try #require(
            OriginalLibrary.function(
                "mosquitto_validate_utf8",
                as: OriginalLibrary.ValidateUTF8.self
            )
        )
        // The original reads past the end of a sequence that breaks off: what stands there is ours.
        var bytes = [CChar](repeating: 0, count: 8)
        for first in UInt8(0x01)...0xFF {
            bytes[0] = CChar(bitPattern: first)
            for second in stride(from: UInt8(0x01), through: 0xFE, by: 1) {
                bytes[1] = CChar(bitPattern: second)
                for third in [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBE, 0xBF, 0xC3] as [UInt8]
                {
                    bytes[2] = CChar(bitPattern: third)
                    let codes = (mosquitto_validate_utf8(bytes, 3), original(bytes, 3))
                    if codes.0 != codes.1 { Issue.record("\(first) \(second) \(third): \(codes)") }
                }
            }
        }
    }

    @Test(
        "[RFC 4648 section 10] Base64 both ways",
        arguments: [
            ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"), ("~~~???", "fn5+Pz8/"),
        ]
    )
    func base64RoundTrip(plain: String, encoded: String) {
        var text: UnsafeMutablePointer<CChar>?
        #expect(mosquitto_base64_encode(Array(plain.utf8), plain.utf8.count, &text) == 0)
        #expect(text.map { String(cString: $0) } == encoded)
        mosquitto_free(text)
        var data: UnsafeMutablePointer<UInt8>?
        var length: CUnsignedInt = 0
        #expect(mosquitto_base64_decode(encoded, &data, &length) == 0)
        #expect(Array(UnsafeBufferPointer(start: data, count: Int(length))) == Array(plain.utf8))
        mosquitto_free(data)
    }

    @Test(
        "What is not Base64 is refused",
        arguments: ["", "Z", "Zg=", "Zg", "Z===", "Zg==Zg==", "Zm 9", "Zm9-"]
    )
    func refusesBase64(text: String) {
        var data: UnsafeMutablePointer<UInt8>?
        var length: CUnsignedInt = 0
        #expect(mosquitto_base64_decode(text, &data, &length) == 1)
        #expect(data == nil)
    }

    @Test(
        "Errors have the texts of the original",
        arguments: [
            (-6, "Quota exceeded"), (-5, "Authentication delayed"), (0, "No error"),
            (11, "Authorisation failed"), (28, "Unknown error"), (33, "Bad http origin"),
            (127, "Unknown error"), (128, "Unspecified error"),
            (131, "Implementaion specific error"),
            (132, "Unsupported Protocol Version"), (134, "Bad username or password"),
            (147, "Receive maximum exceeded"), (162, "Wildcard Subscriptions not supported"),
            (163, "Unknown reason"), (-7, "Unknown error"),
        ] as [(CInt, String)]
    )
    func errorTexts(code: CInt, text: String) {
        #expect(String(cString: mosquitto_strerror(code)) == text)
    }

    @Test("Reason codes have the texts of 2.0", .enabled(if: OriginalLibrary.isInstalled))
    func reasonsAgreeWithOriginal() throws {
        let name = "mosquitto_reason_string"
        let original = try #require(OriginalLibrary.function(name, as: OriginalLibrary.Text.self))
        for code in CInt(-1)...200 {
            let theirs = original(code).map { String(cString: $0) }
            #expect(String(cString: mosquitto_reason_string(code)) == theirs)
        }
    }

    @Test(
        "Return codes of a CONNACK have their texts",
        arguments: [
            (0, "Connection Accepted"), (5, "Connection Refused: not authorised"),
            (6, "Connection Refused: unknown reason"), (-1, "Connection Refused: unknown reason"),
        ] as [(CInt, String)]
    )
    func connackTexts(code: CInt, text: String) {
        #expect(String(cString: mosquitto_connack_string(code)) == text)
    }

    @Test("The error of the system is described by errno")
    func systemErrorText() {
        errno = ENOENT
        #expect(
            String(cString: mosquitto_strerror(MOSQ_ERR_ERRNO.rawValue))
                == "No such file or directory"
        )
    }

    @Test(
        "Packet names are found in any letter case",
        arguments: [("connect", 0x10), ("AUTH", 0xF0), ("Will", 0x100), ("pingreq", 0), ("", 0)]
            as [(String, CInt)]
    )
    func commands(name: String, number: CInt) {
        var command: CInt = -1
        let code = mosquitto_string_to_command(name, &command)
        #expect(code == (number == 0 ? MOSQ_ERR_INVAL.rawValue : 0))
        #expect(command == number)
    }

    @Test("Times compare by seconds, then by nanoseconds")
    func comparesTimes() {
        #expect(mosquitto_time_cmp(5, 0, 3, 9) == 2)
        #expect(mosquitto_time_cmp(3, 9, 5, 0) == -2)
        #expect(mosquitto_time_cmp(3, 9, 3, 4) == 5)
        #expect(mosquitto_time_cmp(3, 4, 3, 4) == 0)
    }

    @Test("The wall clock is that of the system, the steady one never goes back")
    func clocks() {
        var seconds = 0
        var nanoseconds = -1
        mosquitto_time_ns(&seconds, &nanoseconds)
        #expect(abs(seconds - time(nil)) <= 1)
        #expect((0..<1_000_000_000).contains(nanoseconds))
        let before = mosquitto_time()
        #expect(mosquitto_time() >= before)
    }

    @Test("Random bytes differ from call to call and stay within their count")
    func random() {
        var (first, second) = ([UInt8](repeating: 0, count: 33), [UInt8](repeating: 0, count: 33))
        #expect(mosquitto_getrandom(&first, 32) == 0)
        #expect(mosquitto_getrandom(&second, 32) == 0)
        #expect(first != second)
        #expect(first[32] == 0)
        #expect(mosquitto_getrandom(&first, -1) == MOSQ_ERR_UNKNOWN.rawValue)
    }

    @Test("White space is cut off both ends, in place")
    func trimsBlanks() {
        let text = strdup(" \t a b \r\n")
        defer { free(text) }
        let trimmed = mosquitto_trimblanks(text)
        #expect(trimmed == text.map { $0 + 3 })
        #expect(trimmed.map { String(cString: $0) } == "a b")
        #expect(mosquitto_trimblanks(nil) == nil)
    }
}
