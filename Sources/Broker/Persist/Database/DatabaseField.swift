// SPDX-License-Identifier: Apache-2.0
// The fields of chunks before version 5.

/// What the body of a chunk before version 5 is made of.
enum DatabaseField {
    /// Numbers with so many bytes in all.
    case fixed(Int)
    /// A 16-bit length and as many bytes.
    case text
    /// A 32-bit length and as many bytes.
    case payload

    /// The fields of a chunk in their order.
    static func layout(of kind: DatabaseChunkKind, version: UInt32) -> [DatabaseField] {
        switch kind {
        case .configuration: [.fixed(10)]
        case .message where version == 4:
            [.fixed(8), .text, .text, .fixed(6), .text, .fixed(2), .payload]
        case .message: [.fixed(8), .text, .fixed(4), .text, .fixed(2), .payload]
        case .delivery: [.text, .fixed(15)]
        case .retained: [.fixed(8)]
        case .subscription: [.text, .text, .fixed(1)]
        case .client: [.text, .fixed(version == 2 ? 2 : 10)]
        }
    }
}
