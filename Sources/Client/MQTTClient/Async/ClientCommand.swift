// SPDX-License-Identifier: Apache-2.0
// What a client is asked for, on its way to the thread of its event loop.

import MQTT
import Net

/// What a client is asked for.
enum ClientCommand: Sendable {
    /// To connect.
    case connect(OutgoingPlan, Waiter<MQTTConnack>)
    /// To publish; somebody may wait for the end of it.
    case publish(MQTTMessage, Waiter<MQTTReasonCode>?)
    /// To subscribe, and to put what comes into an inbox.
    case subscribe(
        [MQTTSubscriptionRequest],
        identifier: UInt32?,
        SubscriptionHandle?,
        Waiter<[MQTTReasonCode]>
    )
    /// To end subscriptions.
    case unsubscribe([String], Waiter<[MQTTReasonCode]>?)
    /// An inbox is not used any more; its filters are left if nobody else has them.
    case drop(Inbox, [String])
    /// An inbox has room again.
    case resume
    /// Somebody waits until messages are over.
    case expect
    /// To authenticate anew.
    case reauthenticate(Waiter<Void>)
    /// To disconnect.
    case disconnect(MQTTReasonCode, Waiter<Void>)
    /// Nobody has the client any more.
    case close
}
