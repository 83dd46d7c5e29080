// SPDX-License-Identifier: Apache-2.0
// What of a message has a fixed size.

/// The fixed part of a message; topic, properties and payload follow it in the same allocation.
package struct MessageHeader {
    /// Who published it; nil for the broker itself.
    let origin: ClientIdentity?
    /// Its `Expiry`.
    let expiresAt: Int64
    let payloadCount: UInt32
    let propertiesCount: UInt32
    let topicCount: UInt16
    /// QoS it was published with, and `numbered`.
    private let bits: UInt8
    let isRetained: Bool

    /// The message has a number, which stands behind the payload.
    private static let numbered: UInt8 = 4

    /// What a publication says.
    @inline(__always)
    init(_ publication: borrowing UnsafePublication, isNumbered: Bool) {
        origin = publication.origin
        expiresAt = publication.expiresAt
        payloadCount = UInt32(truncatingIfNeeded: publication.payload.count)
        propertiesCount = UInt32(truncatingIfNeeded: publication.properties.count)
        topicCount = UInt16(truncatingIfNeeded: publication.topic.count)
        bits = publication.qos | (isNumbered ? Self.numbered : 0)
        isRetained = publication.isRetained
    }

    /// QoS it was published with.
    var qos: UInt8 { bits & 3 }

    var isNumbered: Bool { bits & Self.numbered != 0 }

    /// Bytes before the number.
    var byteCount: Int { Int(topicCount) + Int(propertiesCount) + Int(payloadCount) }
}
