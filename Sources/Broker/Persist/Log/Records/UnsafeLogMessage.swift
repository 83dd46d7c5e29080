// SPDX-License-Identifier: Apache-2.0
// An application message in the log.

package import Inflight

/// An application message in the log; its bytes belong to somebody else.
package struct UnsafeLogMessage {
    package var number: MessageNumber
    /// Topic name, mount point included; at most 65,535 bytes.
    package var topic: UnsafeRawBufferPointer
    /// Encoded properties that are passed on to subscribers, without their length.
    package var properties: UnsafeRawBufferPointer
    package var payload: UnsafeRawBufferPointer
    /// QoS it was published with.
    package var qos: UInt8
    /// The RETAIN flag it was published with.
    package var isRetained: Bool
    /// Its last second since 1970: it is void when that is over; 0: never.
    package var expiresAt: Int64
    /// Who published it; 0 for the broker itself.
    package var publisher: SessionNumber

    package init(
        number: MessageNumber,
        topic: UnsafeRawBufferPointer,
        properties: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool,
        expiresAt: Int64 = 0,
        publisher: SessionNumber = 0
    ) {
        assert(topic.count <= Int(UInt16.max) && qos <= 2 && expiresAt >= 0)
        self.number = number
        self.topic = topic
        self.properties = properties
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.expiresAt = expiresAt
        self.publisher = publisher
    }
}
