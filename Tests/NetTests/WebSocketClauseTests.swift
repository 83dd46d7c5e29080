// SPDX-License-Identifier: Apache-2.0
// RFC 6455 sections 5 and 7, clause by clause: what a client's frame may be, and how others end.

import Testing

@testable import Net

@Suite("RFC 6455 frames")
struct WebSocketClauseTests {
    private typealias End = WebSocketFrameParser.End

    private static let mask: [UInt8] = [0x9A, 0x00, 0xFF, 0x31]

    /// A frame with a length in a form of 0, 2 or 8 further bytes.
    private static func frame(
        _ first: UInt8,
        _ payload: [UInt8],
        form: Int? = nil,
        mask: [UInt8]? = mask
    ) -> [UInt8] {
        let form = form ?? (payload.count < 126 ? 0 : payload.count < 65_536 ? 2 : 8)
        let flag: UInt8 = mask == nil ? 0 : 0x80
        var bytes: [UInt8] = [first]
        bytes.append(flag | (form == 0 ? UInt8(payload.count) : form == 2 ? 126 : 127))
        bytes += (0..<form).map {
            UInt8(truncatingIfNeeded: payload.count >> (8 * (form - 1 - $0)))
        }
        guard let mask else { return bytes + payload }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    private static func parse(_ frames: [UInt8]...) -> WebSocketFrameParser.Outcome {
        var parser = WebSocketFrameParser()
        var bytes = frames.flatMap { $0 }
        return bytes.withUnsafeMutableBytes { parser.parse($0) }
    }

    /// What the first byte of a frame with an empty payload means, by section 5.2 and 5.4.
    private static func end(of first: UInt8, isMessageOpen: Bool) -> End? {
        let violation = End.violation(code: 1002)
        if first & 0x70 != 0 { return violation }
        let isFinal = first & 0x80 != 0
        switch first & 0x0F {
        case 0: return isMessageOpen ? nil : violation
        case 1: return .violation(code: 1003)
        case 2: return isMessageOpen ? violation : nil
        case 8: return isFinal ? .closed(payload: []) : violation
        case 9, 10: return isFinal ? nil : violation
        default: return violation
        }
    }

    @Test(
        "[RFC6455-5.2] [RFC6455-5.4] [RFC6455-5.5] Every first byte, inside a message and outside",
        arguments: [false, true]
    )
    func firstBytes(isMessageOpen: Bool) {
        let before = isMessageOpen ? Self.frame(0x02, [7]) : []
        for first in UInt8.min...UInt8.max {
            let outcome = Self.parse(before, Self.frame(first, []))
            #expect(
                outcome.end == Self.end(of: first, isMessageOpen: isMessageOpen),
                "first byte \(first)"
            )
            #expect(outcome.payloadCount == (isMessageOpen ? 1 : 0))
        }
    }

    @Test("[RFC6455-5.1] A frame that is not masked ends the connection")
    func unmasked() {
        for first in UInt8.min...UInt8.max {
            let outcome = Self.parse(Self.frame(first, [], mask: nil))
            #expect(outcome.end == .violation(code: 1002), "first byte \(first)")
        }
    }

    @Test("[RFC6455-5.3] The payload is unmasked byte by byte, with any key")
    func masking() {
        let payload = (0..<300).map { UInt8(truncatingIfNeeded: $0 * 31) }
        for key: [UInt8] in [[0, 0, 0, 0], [255, 255, 255, 255], [1, 2, 3, 4], [128, 0, 0, 1]] {
            for count in 0..<payload.count {
                var parser = WebSocketFrameParser()
                var bytes = Self.frame(0x82, Array(payload[..<count]), mask: key)
                let outcome = bytes.withUnsafeMutableBytes { parser.parse($0) }
                #expect(outcome.payloadCount == count && outcome.end == nil)
                #expect(bytes.prefix(count).elementsEqual(payload[..<count]))
            }
        }
    }

    @Test("[RFC6455-5.2] A length takes no more bytes than it needs")
    func minimalLengths() {
        for count in [0, 1, 124, 125, 126, 127, 255, 256, 65_534, 65_535, 65_536, 65_537] {
            let needed = count < 126 ? 0 : count < 65_536 ? 2 : 8
            for form in [0, 2, 8] where form >= needed {
                let payload = [UInt8](repeating: 5, count: count)
                let outcome = Self.parse(Self.frame(0x82, payload, form: form))
                #expect(
                    outcome.end == (form == needed ? nil : .violation(code: 1002)),
                    "\(count) in the form with \(form) bytes"
                )
            }
        }
        for opcode: UInt8 in [8, 9, 10] {
            for form in [2, 8] {
                let outcome = Self.parse(Self.frame(0x80 | opcode, [3, 232], form: form))
                #expect(outcome.end == .violation(code: 1002))
            }
        }
    }

    @Test("[RFC6455-5.5] Control frames have 125 bytes at most and may stand inside a message")
    func controlFrames() {
        let most = [UInt8](repeating: 7, count: 125)
        let outcome = Self.parse(
            Self.frame(0x02, [1]),
            Self.frame(0x89, most),
            Self.frame(0x8A, most),
            Self.frame(0x80, [2])
        )
        #expect(outcome.end == nil && outcome.payloadCount == 2 && outcome.pingPayload == most)
        for opcode: UInt8 in [0x88, 0x89, 0x8A] {
            let tooLong = Self.parse(Self.frame(opcode, most + [7]))
            #expect(tooLong.end == .violation(code: 1002))
        }
    }

    @Test("[RFC6455-7.4] A close frame has a status code that may be sent")
    func closeCodes() {
        for code in UInt16.min...UInt16.max {
            let payload = [UInt8(code >> 8), UInt8(code & 255)]
            // 7.4.1: 1004 is reserved; 1005, 1006 and 1015 stand for something that was not sent.
            let isAllowed =
                [1000, 1001, 1002, 1003].contains(code) || 1007...1014 ~= code
                || 3000...4999 ~= code
            #expect(
                Self.parse(Self.frame(0x88, payload)).end
                    == (isAllowed ? .closed(payload: payload) : .violation(code: 1002)),
                "\(code)"
            )
        }
        #expect(Self.parse(Self.frame(0x88, [3])).end == .violation(code: 1002))
    }

    @Test(
        "[RFC6455-5.5.1] [RFC6455-8.1] The text of a close frame is UTF-8",
        arguments: [
            ([], true), (Array("bye".utf8), true), (Array("\u{E9}\u{20AC}\u{10FFFF}".utf8), true),
            ([0xC3], false), ([0xC0, 0x80], false), ([0xE0, 0x9F, 0xBF], false),
            ([0xED, 0xA0, 0x80], false), ([0xF4, 0x90, 0x80, 0x80], false),
            ([0xF0, 0x8F, 0xBF, 0xBF], false), ([0x80], false), ([0xFF], false),
            ([0x61, 0xE2, 0x82], false),
        ] as [([UInt8], Bool)]
    )
    func closeText(text: [UInt8], isValid: Bool) {
        let payload = [3, 232] + text
        #expect(
            Self.parse(Self.frame(0x88, payload)).end
                == (isValid ? .closed(payload: payload) : .violation(code: 1007))
        )
    }

    @Test("[RFC6455-5.5.1] What follows a close frame is not read")
    func afterClose() {
        let outcome = Self.parse(
            Self.frame(0x82, [1]),
            Self.frame(0x88, []),
            Self.frame(0x82, [2]),
            Self.frame(0x89, [3])
        )
        #expect(outcome.end == .closed(payload: []) && outcome.payloadCount == 1)
        #expect(outcome.pingPayload == nil)
    }
}
