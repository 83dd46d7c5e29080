// SPDX-License-Identifier: Apache-2.0
// The checksum that a PROXY header of version 2 may have.

/// The checksum of a PROXY header of version 2: CRC-32C over all of it, with zeros where the checksum
/// itself stands (section 2.2.3 of the PROXY protocol).
enum ProxyChecksum {
    /// The checksum of `header` with zeros in the four bytes at `place`.
    ///
    /// Bit by bit: a header is short, and there is one for each connection.
    static func value(of header: ArraySlice<UInt8>, withoutFourAt place: Int) -> UInt32 {
        assert(
            header.indices.contains(place) && header.indices.contains(place + 3),
            "it lies inside"
        )
        var state = UInt32.max
        for index in header.indices {
            let isOwn = place..<(place + 4) ~= index
            state ^= isOwn ? 0 : UInt32(header[index])
            for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 0 ? 0 : 0x82F6_3B78) }
        }
        return ~state
    }
}
