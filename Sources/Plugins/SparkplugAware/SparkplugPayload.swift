// SPDX-License-Identifier: Apache-2.0
// The one number of a Sparkplug payload that an aware server may replace.

/// Payloads of Sparkplug B, version 3.0 section 6.
enum SparkplugPayload {
    /// Field 1 of a payload: milliseconds since 1970 in UTC, a varint.
    private static let timestampNumber: UInt32 = 1

    /// The payload with another timestamp, in milliseconds since 1970.
    ///
    /// All other bytes stay as they are: metrics with timestamps of their own, and fields that nobody knows. `nil` where
    /// there is nothing to replace: the payload has no timestamp, or is no whole message.
    static func replacingTimestamp(
        of payload: Span<UInt8>,
        by milliseconds: UInt64
    ) -> [UInt8]? {
        var places: [Range<Int>] = []
        var reader = ProtobufReader(payload)
        do throws(MalformedProtobuf) {
            while let field = try reader.next() {
                // Of several, readers take the last; replaced are all.
                if field.number == timestampNumber, field.wireType == .varint {
                    places.append(field.value)
                }
            }
        } catch {
            return nil
        }
        guard !places.isEmpty else { return nil }
        let timestamp = varint(milliseconds)
        var result: [UInt8] = []
        result.reserveCapacity(payload.count + places.count * timestamp.count)
        var copied = 0
        for place in places {
            append(payload, copied..<place.lowerBound, to: &result)
            result += timestamp
            copied = place.upperBound
        }
        append(payload, copied..<payload.count, to: &result)
        return result
    }

    private static func append(_ bytes: Span<UInt8>, _ range: Range<Int>, to result: inout [UInt8])
    {
        bytes.extracting(range).withUnsafeBufferPointer { result.append(contentsOf: $0) }
    }

    /// A number in its shortest form, 1 to 10 bytes.
    private static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
        return bytes
    }
}
