// SPDX-License-Identifier: Apache-2.0
// A will message as CONNECT carries it.

/// A will message as CONNECT carries it.
package struct Will: Sendable {
    package var topic: String
    package var payload: Bytes
    package var qos: UInt8
    package var retain: Bool
    package var properties: Bytes

    /// Describes a will; properties only matter for version 5.
    package init(
        _ topic: String,
        _ payload: String = "",
        qos: UInt8 = 0,
        retain: Bool = false,
        properties: Bytes = []
    ) {
        self.topic = topic
        self.payload = utf8(payload)
        self.qos = qos
        self.retain = retain
        self.properties = properties
    }
}
