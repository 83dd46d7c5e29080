// SPDX-License-Identifier: Apache-2.0
// What the tests of this module share: bytes from hex text, and short ways to decode.

import MQTT

/// Bytes from hex digits; blanks are skipped.
func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { $0 != " " && $0 != "\n" }.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map {
        UInt8(digits[$0] * 16 + digits[$0 + 1])
    }
}

/// A Two Byte Integer length and the text.
func lengthPrefixed(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendString(text)
    return bytes
}

/// A Two Byte Integer length and the bytes.
func lengthPrefixed(_ data: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBinary(data)
    return bytes
}

/// The body of the only packet in an array.
func body(of packet: [UInt8]) -> [UInt8] {
    guard case .header(let header) = parseFixedHeader(packet.rawBytes),
        header.packetLength == packet.count
    else { return [] }
    return [UInt8](packet[header.headerLength...])
}

/// Finds the fixed header at the front of an array.
///
/// Spans cannot pass through the macros of the testing library, so tests go by arrays.
func parseHeader(_ bytes: [UInt8]) -> FramingResult { parseFixedHeader(bytes.rawBytes) }

/// Whether an array holds UTF-8 that MQTT permits.
func isUTF8(_ bytes: [UInt8]) -> Bool { validateUTF8(bytes.rawBytes) }

/// Decodes a CONNECT.
func decodeConnect(_ body: [UInt8]) throws -> ConnectPacket {
    try ConnectPacket(decoding: body.rawBytes)
}

/// Decodes a CONNACK.
func decodeConnack(_ body: [UInt8], _ version: ProtocolVersion) throws -> ConnackPacket {
    try ConnackPacket(decoding: body.rawBytes, version: version)
}

/// All properties in a range, and whether something else follows.
func walk(_ bytes: [UInt8], _ range: Range<Int>? = nil) -> (list: [Property], isMalformed: Bool) {
    var iterator = PropertyIterator(bytes.rawBytes, range: range ?? 0..<bytes.count)
    var list: [Property] = []
    while let property = iterator.next() { list.append(property) }
    // Once at the end, it stays there.
    if let more = iterator.next() { list.append(more) }
    return (list, iterator.isMalformed)
}

/// Reads one Variable Byte Integer and says how many bytes are left.
func readVariableByteInteger(_ bytes: [UInt8]) -> (value: UInt32?, remaining: Int) {
    var reader = PacketReader(bytes.rawBytes)
    let value = reader.readVariableByteInteger()
    return (value, reader.remaining)
}

/// Reads one string.
func readString(_ bytes: [UInt8]) -> Range<Int>? {
    var reader = PacketReader(bytes.rawBytes)
    return reader.readString()
}

/// A property of every kind that is passed on with a message.
let forwardedProperties: [UInt8] =
    hex("01 01") + [0x03] + lengthPrefixed("text/plain") + [0x08] + lengthPrefixed("reply/to")
    + [0x09] + lengthPrefixed(hex("00 ff 80")) + [0x26] + lengthPrefixed("key")
    + lengthPrefixed("value") + [0x26] + lengthPrefixed("key") + lengthPrefixed("value")
