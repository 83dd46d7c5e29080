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
    /// Second of the reactor clock from which it is void; 0: never.
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
        properties: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool,
        expiresAt: Int64,
        origin: ClientIdentity?
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
}
