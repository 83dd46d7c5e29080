// SPDX-License-Identifier: Apache-2.0
// Where the next page of a list begins.

import Encoding

/// Where the next page of a list begins: behind this key, in this order.
///
/// As text it is Base64 of the order's number, the rank and the identifier, and means nothing to those
/// who hand it back.
struct ClientCursor: Equatable, Sendable {
    let order: ClientOrder
    let key: ClientKey

    init(_ order: ClientOrder, after key: ClientKey) {
        self.order = order
        self.key = key
    }

    /// Reads a cursor; nil for what is none.
    init?(_ text: String) {
        guard let bytes = Base64.decode(text.utf8), bytes.count >= 9,
            Int(bytes[0]) < ClientOrder.allCases.count,
            let identifier = String(validating: bytes[9...], as: UTF8.self)
        else { return nil }
        let rank = bytes[1..<9].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        order = ClientOrder.allCases[Int(bytes[0])]
        key = ClientKey(rank: Int64(bitPattern: rank), identifier: identifier)
    }

    /// The text to hand back.
    var text: String {
        let number = ClientOrder.allCases.firstIndex(of: order) ?? 0
        let rank = UInt64(bitPattern: key.rank)
        let bytes =
            [UInt8(truncatingIfNeeded: number)]
            + stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: rank >> $0) }
            + Array(key.identifier.utf8)
        return Base64.encode(bytes)
    }
}
