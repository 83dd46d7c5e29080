// SPDX-License-Identifier: Apache-2.0
// A message that is to be printed.

/// A message that is to be printed, as it lies in the bytes that were received.
///
/// Its pointers are valid as long as those bytes: until the call it is handed to returns.
package struct UnsafePrintedMessage {
    /// The topic name.
    package let topic: UnsafeRawBufferPointer
    /// The application message.
    package let payload: UnsafeRawBufferPointer
    /// 0 to 2.
    package let qos: UInt8
    /// Whether the retain flag is set.
    package let isRetained: Bool
    /// 0 at QoS 0.
    package let packetIdentifier: UInt16
    /// The encoded properties without their length; empty before 5.0.
    package let properties: UnsafeRawBufferPointer

    /// Points at a message.
    package init(
        topic: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool,
        packetIdentifier: UInt16,
        properties: UnsafeRawBufferPointer
    ) {
        assert(qos <= 2, "there is no other QoS")
        assert(qos > 0 || packetIdentifier == 0, "QoS 0 has no packet identifier")
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.packetIdentifier = packetIdentifier
        self.properties = properties
    }
}
