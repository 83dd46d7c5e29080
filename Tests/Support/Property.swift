// SPDX-License-Identifier: Apache-2.0
// Version 5 properties as bytes.

/// One property each, identifier byte in front.
package enum Property {
    /// Payload Format Indicator.
    package static func payloadFormat(_ value: UInt8) -> Bytes { [0x01, value] }

    /// Message Expiry Interval in seconds.
    package static func messageExpiry(_ seconds: UInt32) -> Bytes { [0x02] + Wire.int32(seconds) }

    /// Content Type.
    package static func contentType(_ text: String) -> Bytes { [0x03] + Wire.string(text) }

    /// Response Topic.
    package static func responseTopic(_ text: String) -> Bytes { [0x08] + Wire.string(text) }

    /// Correlation Data.
    package static func correlationData(_ data: Bytes) -> Bytes { [0x09] + Wire.binary(data) }

    /// Subscription Identifier.
    package static func subscriptionIdentifier(_ value: Int) -> Bytes {
        [0x0B] + Wire.varint(value)
    }

    /// Session Expiry Interval in seconds.
    package static func sessionExpiry(_ seconds: UInt32) -> Bytes { [0x11] + Wire.int32(seconds) }

    /// Assigned Client Identifier.
    package static func assignedClientIdentifier(_ text: String) -> Bytes {
        [0x12] + Wire.string(text)
    }

    /// Server Keep Alive in seconds.
    package static func serverKeepAlive(_ seconds: Int) -> Bytes { [0x13] + Wire.int16(seconds) }

    /// Authentication Method.
    package static func authenticationMethod(_ text: String) -> Bytes { [0x15] + Wire.string(text) }

    /// Authentication Data.
    package static func authenticationData(_ data: Bytes) -> Bytes { [0x16] + Wire.binary(data) }

    /// Request Problem Information.
    package static func requestProblem(_ value: UInt8) -> Bytes { [0x17, value] }

    /// Will Delay Interval in seconds.
    package static func willDelay(_ seconds: UInt32) -> Bytes { [0x18] + Wire.int32(seconds) }

    /// Request Response Information.
    package static func requestResponse(_ value: UInt8) -> Bytes { [0x19, value] }

    /// Server Reference.
    package static func serverReference(_ text: String) -> Bytes { [0x1C] + Wire.string(text) }

    /// Reason String.
    package static func reasonString(_ text: String) -> Bytes { [0x1F] + Wire.string(text) }

    /// Receive Maximum.
    package static func receiveMaximum(_ value: Int) -> Bytes { [0x21] + Wire.int16(value) }

    /// Topic Alias Maximum.
    package static func topicAliasMaximum(_ value: Int) -> Bytes { [0x22] + Wire.int16(value) }

    /// Topic Alias.
    package static func topicAlias(_ value: Int) -> Bytes { [0x23] + Wire.int16(value) }

    /// Maximum QoS.
    package static func maximumQoS(_ value: UInt8) -> Bytes { [0x24, value] }

    /// Retain Available.
    package static func retainAvailable(_ value: UInt8) -> Bytes { [0x25, value] }

    /// User Property.
    package static func user(_ name: String, _ value: String) -> Bytes {
        [0x26] + Wire.string(name) + Wire.string(value)
    }

    /// Maximum Packet Size in bytes.
    package static func maximumPacketSize(_ value: UInt32) -> Bytes { [0x27] + Wire.int32(value) }
}
