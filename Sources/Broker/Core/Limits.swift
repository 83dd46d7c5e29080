// SPDX-License-Identifier: Apache-2.0
// The numbers of the configuration that the way of a message asks for.

import Config
import Inflight

/// Limits in plain numbers, read for every packet: no reference has to be followed or counted.
struct Limits {
    /// Bytes of the largest packet accepted.
    let packetSizeMax: Int
    /// Bytes of the largest payload accepted; `Int.max` for no limit.
    let payloadMax: Int
    /// Messages queued per session, and packets per slow connection; `Int.max` for no limit.
    let queuedMessagesMax: Int
    /// Payload bytes queued per session; `Int.max` for no limit.
    let queuedBytesMax: Int
    /// Payload bytes in flight per session; `Int.max` for no limit.
    let inFlightBytesMax: Int
    /// QoS 2 messages that a 5.0 client should leave unreleased at most; `Int.max` for no such number.
    ///
    /// It is told so (Receive Maximum in CONNACK), and one that does not keep to it has a line in the
    /// log; nothing is refused. The bound are its packet identifiers: 65,535 messages.
    let receivedMax: Int
    /// `max_inflight_bytes` as it enters the queue's arithmetic; 0 for no limit.
    let inFlightBytesAllowance: Int
    /// Subscriptions a session may have; `Int.max` for no limit.
    let subscriptionsMax: Int
    let retainAvailable: Bool
    let upgradesOutgoingQoS: Bool
    let queuesQoS0: Bool
    /// Bytes of heap from which on what needs memory fails; `Int.max` for no limit.
    let memoryMax: Int
    /// Whether 3.x clients get a message once for each matching subscription.
    let allowsDuplicates: Bool

    init(_ configuration: Configuration) {
        func bound(_ value: Int) -> Int { value > 0 ? value : .max }
        packetSizeMax = configuration.maxPacketSize
        payloadMax = bound(configuration.messageSizeLimit)
        queuedMessagesMax = bound(configuration.maxQueuedMessages)
        queuedBytesMax = bound(configuration.maxQueuedBytes)
        inFlightBytesMax = bound(configuration.maxInflightBytes)
        receivedMax = bound(configuration.maxInflightMessages)
        inFlightBytesAllowance = configuration.maxInflightBytes
        subscriptionsMax = bound(configuration.maxSubscriptions)
        retainAvailable = configuration.retainAvailable
        upgradesOutgoingQoS = configuration.upgradeOutgoingQoS
        queuesQoS0 = configuration.queueQoS0Messages
        memoryMax = bound(configuration.memoryLimit)
        allowsDuplicates = configuration.allowDuplicateMessages
    }

    /// What the window of a session may hold whose client is not there.
    var ofAbsent: SendLimits {
        SendLimits(
            inFlightMax: 0,
            inFlightBytesMax: 0,
            queuedMax: queuedMessagesMax,
            queuedBytesMax: queuedBytesMax
        )
    }
}
