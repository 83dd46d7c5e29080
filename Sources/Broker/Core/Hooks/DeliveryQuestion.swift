// SPDX-License-Identifier: Apache-2.0
// A message on its way to a client, as plugins are asked about it.

/// One message on its way to a client.
package struct DeliveryQuestion: Sendable {
    /// The message as stored; read access is asked with its own QoS and retain flag.
    package let message: Message
    /// QoS of this delivery.
    package let qos: UInt8
    /// Retain flag of this delivery.
    package let isRetained: Bool
    /// Ask for read access.
    package let checksAccess: Bool
    /// Raise MESSAGE_OUT if read access is granted.
    package let isFiltered: Bool
    /// Others about the same client have yet to be answered, and none may overtake them.
    package let isBehindOthers: Bool

    package init(
        message: Message,
        qos: UInt8,
        isRetained: Bool,
        checksAccess: Bool,
        isFiltered: Bool,
        isBehindOthers: Bool = false
    ) {
        self.message = message
        self.qos = qos
        self.isRetained = isRetained
        self.checksAccess = checksAccess
        self.isFiltered = isFiltered
        self.isBehindOthers = isBehindOthers
    }
}
