// SPDX-License-Identifier: Apache-2.0
// A message that has arrived.

/// A message the broker has sent.
package struct ReceivedMessage: Sendable, Equatable {
    /// The topic name.
    package var topic: String
    /// The application message.
    package var payload: [UInt8]
    /// The quality of service it was delivered with.
    package var qos: UInt8
    /// Whether it was retained before the subscription.
    package var isRetained: Bool
}
