// SPDX-License-Identifier: Apache-2.0
// Frames that WebSocket clients send, taken off a stream of bytes.

/// Reads frames (RFC 6455 section 5) and leaves their payload in place: masked ones of clients, or those
/// of servers, which are not.
///
/// ```
/// in:   | head | masked payload | head | masked payl…        (any cut of the stream)
/// out:  | payload payload …     |
/// ```
/// The payload of all data frames is one stream, which is how MQTT uses it [MQTT-6.0.0-2]; so a
/// frame need not be complete before its bytes are handed on. Kept between calls: at most one
/// incomplete head (14 bytes) or control frame (125 bytes).
/// [MQTT-6.0.0-1] [MQTT311-6.0.0-1] [MQTT311-6.0.0-2]
package struct WebSocketFrameParser: Sendable {
    /// Largest payload of a frame: no control packet is larger.
    package static let payloadCountMax = 268_435_455

    /// Why no further frame is read.
    package enum End: Sendable, Equatable {
        /// The peer sent a close frame; the payload is to be echoed.
        case closed(payload: [UInt8])
        /// A frame broke a rule; the status code to answer with.
        case violation(code: UInt16)
    }

    /// What a stretch of the stream held.
    package struct Outcome: Sendable, Equatable {
        /// Payload bytes, now at the front of the buffer.
        package var payloadCount = 0
        /// The payload of the latest ping; only that one needs an answer (section 5.5.3).
        package var pingPayload: [UInt8]?
        /// Set when the connection must end.
        package var end: End?
    }

    private var head: [UInt8] = []
    private var control: [UInt8] = []
    private var controlOpcode: UInt8 = 0
    private var remaining = 0
    private var mask: UInt32 = 0
    private var isMessageOpen = false

    private let areMasked: Bool

    /// Reads frames of a client, or of a server.
    package init(ofServer isServer: Bool = false) { areMasked = !isServer }

    /// Reads `bytes`, the next of the stream, unmasking payload and moving it to the front.
    package mutating func parse(_ bytes: UnsafeMutableRawBufferPointer) -> Outcome {
        var outcome = Outcome()
        var offset = 0
        while offset < bytes.count, outcome.end == nil {
            if remaining == 0 {
                guard let frame = readHead(UnsafeRawBufferPointer(bytes), &offset) else { break }
                outcome.end = begin(frame)
            } else if controlOpcode != 0 {
                readControl(UnsafeRawBufferPointer(bytes), &offset)
            } else {
                let count = min(remaining, bytes.count - offset)
                unmask(bytes, from: offset, to: outcome.payloadCount, count: count)
                outcome.payloadCount += count
                offset += count
                remaining -= count
            }
            if remaining == 0, controlOpcode != 0, outcome.end == nil { endControl(&outcome) }
        }
        return outcome
    }

    /// Reads a head, which may have begun in an earlier stretch; nil when it is incomplete.
    private mutating func readHead(
        _ bytes: UnsafeRawBufferPointer,
        _ offset: inout Int
    ) -> WebSocketFrameHead? {
        if head.isEmpty,
            let frame = WebSocketFrameHead(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        {
            offset += frame.length
            return frame
        }
        while offset < bytes.count {
            head.append(bytes[offset])
            offset += 1
            if let frame = head.withUnsafeBytes({ WebSocketFrameHead($0) }) {
                head = []
                return frame
            }
        }
        return nil
    }

    /// Checks a head and prepares for its payload.
    private mutating func begin(_ frame: WebSocketFrameHead) -> End? {
        // [RFC6455-5.1] [RFC6455-5.2]
        guard frame.reservedBits == 0, frame.isLengthMinimal, (frame.mask != nil) == areMasked
        else { return .violation(code: 1002) }
        switch frame.opcode {
        case 0: guard isMessageOpen else { return .violation(code: 1002) }
        case 1: return .violation(code: 1003)
        case 2: guard !isMessageOpen else { return .violation(code: 1002) }
        case 8, 9, 10:
            guard frame.isFinal, frame.payloadCount <= 125 else { return .violation(code: 1002) }
        default: return .violation(code: 1002)
        }
        guard frame.payloadCount <= UInt64(Self.payloadCountMax) else {
            return .violation(code: frame.payloadCount >> 63 == 0 ? 1009 : 1002)
        }
        mask = frame.mask ?? 0
        remaining = Int(frame.payloadCount)
        if frame.opcode < 8 {
            isMessageOpen = !frame.isFinal
        } else {
            controlOpcode = frame.opcode
        }
        return nil
    }

    private mutating func readControl(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) {
        while remaining > 0, offset < bytes.count {
            control.append(bytes[offset] ^ UInt8(truncatingIfNeeded: mask))
            mask = mask >> 8 | mask << 24
            offset += 1
            remaining -= 1
        }
    }

    /// Acts on a complete control frame.
    ///
    /// Pongs are not asked for and mean nothing.
    private mutating func endControl(_ outcome: inout Outcome) {
        if controlOpcode == 9 { outcome.pingPayload = control }
        if controlOpcode == 8 { outcome.end = Self.end(closePayload: control) }
        controlOpcode = 0
        control = []
    }

    /// A close frame is empty or has a status code and a text [RFC6455-5.5.1] [RFC6455-7.4].
    private static func end(closePayload payload: [UInt8]) -> End {
        guard payload.count != 1 else { return .violation(code: 1002) }
        guard payload.count >= 2 else { return .closed(payload: payload) }
        let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: return .violation(code: 1002)
        }
        guard String(validating: payload[2...], as: UTF8.self) != nil else {
            return .violation(code: 1007)
        }
        return .closed(payload: payload)
    }

    /// Moves payload towards the front and unmasks it, eight bytes at a time: bytes are written
    /// where they were read or before, so none is overwritten unread.
    private mutating func unmask(
        _ bytes: UnsafeMutableRawBufferPointer,
        from source: Int,
        to target: Int,
        count: Int
    ) {
        precondition(
            0 <= target && target <= source && 0 <= count && count <= bytes.count - source,
            "payload moves towards the front"
        )
        let wide = UInt64(mask) | UInt64(mask) << 32
        var done = 0
        while count - done >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: source + done, as: UInt64.self)
            bytes.storeBytes(of: word ^ wide, toByteOffset: target + done, as: UInt64.self)
            done += 8
        }
        while done < count {
            bytes[target + done] = bytes[source + done] ^ UInt8(truncatingIfNeeded: mask)
            mask = mask >> 8 | mask << 24
            done += 1
        }
    }
}
