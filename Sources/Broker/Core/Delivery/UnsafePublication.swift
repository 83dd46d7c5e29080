// SPDX-License-Identifier: Apache-2.0
// An application message in somebody else's bytes.

package import Inflight

/// An application message whose bytes belong to somebody else: the read buffer, a batch from
/// another reactor, or a `Message`.
///
/// Valid only as long as they are.
package struct UnsafePublication {
    /// Topic name, mount point included; at most 65,535 bytes.
    package var topic: UnsafeRawBufferPointer
    /// Encoded properties that are passed on to subscribers, without their length.
    package var properties: UnsafeRawBufferPointer
    /// The payload.
    package var payload: UnsafeRawBufferPointer
    /// QoS it was published with.
    package var qos: UInt8
    /// The retain flag of the PUBLISH packet.
    package var isRetained: Bool
    /// Its `Expiry`.
    package var expiresAt: Int64
    /// The number that a message made of it has in the session log; 0: none.
    package var number: MessageNumber = 0
    /// Who published it; nil for the broker itself.
    ///
    /// Lent like the bytes: not counted here.
    private var lentOrigin: Unmanaged<ClientIdentity>?

    /// Puts a publication together; everything in it stays with its owner.
    package init(
        topic: UnsafeRawBufferPointer,
        properties: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        payload: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        qos: UInt8 = 0,
        isRetained: Bool = false,
        expiresAt: Int64 = Expiry.never,
        origin: ClientIdentity? = nil
    ) {
        assert(topic.count <= Int(UInt16.max) && qos <= 2 && expiresAt >= 0)
        self.topic = topic
        self.properties = properties
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.expiresAt = expiresAt
        lentOrigin = origin.map { Unmanaged.passUnretained($0) }
    }

    /// Who published it; nil for the broker itself.
    package var origin: ClientIdentity? { lentOrigin?.takeUnretainedValue() }

    /// The same without counting a reference: valid as long as the bytes.
    package var uncountedOrigin: Unmanaged<ClientIdentity>? { lentOrigin }

    /// Lends who published it, without counting a reference; nil for the broker itself.
    @inline(__always)
    func withOrigin<Result>(_ body: (ClientIdentity) -> Result) -> Result? {
        lentOrigin?._withUnsafeGuaranteedRef { body($0) }
    }

    /// Lends arrays as a publication; valid inside `body` only.
    package static func with<Result>(
        topic: [UInt8],
        properties: [UInt8] = [],
        payload: [UInt8] = [],
        qos: UInt8 = 0,
        isRetained: Bool = false,
        expiresAt: Int64 = Expiry.never,
        origin: ClientIdentity? = nil,
        _ body: (borrowing UnsafePublication) -> Result
    ) -> Result {
        topic.withUnsafeBytes { topic in
            properties.withUnsafeBytes { properties in
                payload.withUnsafeBytes { payload in
                    body(
                        UnsafePublication(
                            topic: topic,
                            properties: properties,
                            payload: payload,
                            qos: qos,
                            isRetained: isRetained,
                            expiresAt: expiresAt,
                            origin: origin
                        )
                    )
                }
            }
        }
    }
}
