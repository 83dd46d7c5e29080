// SPDX-License-Identifier: Apache-2.0
// How a message goes out to one session.

import Topics

/// What of a PUBLISH to a subscriber does not come from the message.
struct DeliveryForm: Equatable {
    /// QoS of the delivery.
    var qos: UInt8
    /// RETAIN flag of the delivery.
    var isRetained: Bool
    /// Subscription Identifier; 0 for none.
    var subscriptionIdentifier: UInt32 = 0
}
