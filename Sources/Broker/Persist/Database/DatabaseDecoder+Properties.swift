// SPDX-License-Identifier: Apache-2.0
// Properties at the end of a chunk.

import MQTT

extension DatabaseDecoder {
    /// The list in a range that is empty or holds the length of a list and the list, no more.
    func propertyList(_ body: RawSpan, _ range: Range<Int>) throws(Failure) -> Range<Int> {
        guard !range.isEmpty else { return range }
        var reader = PacketReader(body, range: range)
        guard let block = PropertyBlock(reading: &reader, scope: .publish) else {
            throw .malformedProperties
        }
        guard reader.remaining == 0 else { throw .wrongLength }
        var rest = block
        while rest.next() != nil {}
        guard rest.failure == nil else { throw .malformedProperties }
        return block.range
    }

    /// The first Subscription Identifier of a list that was checked; 0 for none.
    func subscriptionIdentifier(_ body: RawSpan, _ list: Range<Int>) -> UInt32 {
        var properties = PropertyIterator(body, range: list)
        while let property = properties.next() {
            guard property.identifier == .subscriptionIdentifier,
                case .variableByteInteger(let value) = property.value
            else { continue }
            return value
        }
        return 0
    }

    /// What goes to every subscriber of a list that was checked; nil when all of it does.
    ///
    /// Nobody writes anything else, unless a plugin published it.
    func forwarded(_ body: RawSpan, _ list: Range<Int>) -> [UInt8]? {
        var kept: [UInt8] = []
        var properties = PropertyIterator(body, range: list)
        while let property = properties.next() {
            switch property.identifier {
            case .messageExpiryInterval, .topicAlias, .subscriptionIdentifier: continue
            default: UnsafeLoad.append(body, property.encoded, to: &kept)
            }
        }
        return kept.count == list.count ? nil : kept
    }
}
