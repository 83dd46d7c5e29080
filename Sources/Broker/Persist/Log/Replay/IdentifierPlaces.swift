// SPDX-License-Identifier: Apache-2.0
// Where the messages of a session are that were sent, by their packet identifiers.

/// Places in an array by packet identifier.
///
/// 256 KiB: only for a session whose client acknowledges in another order than that of sending. A
/// place may be out of date, when what was there is over: whoever asks looks.
struct IdentifierPlaces {
    /// One more than the place; 0 for none.
    private var places = [UInt32](repeating: 0, count: Int(UInt16.max) + 1)

    /// A message was sent; 0 stands for one that was not.
    mutating func note(_ identifier: UInt16, at place: Int) {
        guard identifier != 0 else { return }
        places[Int(identifier)] = UInt32(truncatingIfNeeded: place + 1)
    }

    /// The last place that was noted; nil for none.
    subscript(identifier: UInt16) -> Int? {
        let place = places[Int(identifier)]
        return place == 0 ? nil : Int(place) - 1
    }
}
