// SPDX-License-Identifier: Apache-2.0
// Messages that a server has answered, or released.

import Inflight

/// Messages whose PUBACK, PUBCOMP or PUBREL has come, in order.
///
/// Its pointer belongs to the bytes that were handed in and is valid as long as those.
package struct AnswerStretch {
    /// The places they had in the window; the messages are still kept there.
    package let places: Range<Int>
    private let identifier: UInt16
    private let packets: UnsafeRawBufferPointer?

    /// One message.
    init(place: Int, identifier: UInt16) {
        places = place..<(place + 1)
        self.identifier = identifier
        packets = nil
    }

    /// The messages of packets in their short form, one right behind the other.
    init(places: Range<Int>, packets: UnsafeRawBufferPointer) {
        assert(packets.count == 4 * places.count, "each packet has four bytes")
        self.places = places
        identifier = 0
        self.packets = packets
    }

    /// The packet identifier of the message at a place.
    package func identifier(at place: Int) -> UInt16 {
        precondition(places.contains(place), "the message is one of these")
        guard let packets else { return identifier }
        return ShortAck.identifier(packets, at: 4 * (place - places.lowerBound))
    }
}
