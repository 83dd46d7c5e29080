// SPDX-License-Identifier: Apache-2.0
// A question that plugins are asked.

/// A question that must be answered before the broker goes on.
package enum HookQuestion: Sendable {
    /// A user name and `password`, raw bytes: at CONNECT, or again after a reload.
    case authenticate(ClientIdentity, password: [UInt8]?)
    /// A client whose name is proven: may it come in, or stay? Code 0 unless a plugin objects.
    case confirm(ClientIdentity)
    /// CONNECT with authentication method, or AUTH with reason 0x19.
    case beginExchange(ClientIdentity, method: String, data: [UInt8]?, isAgain: Bool)
    /// AUTH with reason 0x18.
    case continueExchange(ClientIdentity, method: String, data: [UInt8]?)
    /// A message from a client. `checksAccess`: ask for write access first; then MESSAGE_IN.
    case publish(ClientIdentity, Message, checksAccess: Bool, isFiltered: Bool)
    /// A request to a `$CONTROL` topic; write access first.
    case control(ClientIdentity, Message)
    /// The filters of one SUBSCRIBE packet, in order: access, then SUBSCRIBE event, each.
    case subscribe(ClientIdentity, [FilterQuestion])
    /// The filters of one UNSUBSCRIBE packet, in order.
    case unsubscribe(ClientIdentity, [FilterQuestion])
    /// Filters that a session is subscribed to: access alone, in order.
    case access(ClientIdentity, [FilterQuestion])
    /// Messages for one client, in order.
    case deliver(ClientIdentity, [DeliveryQuestion])
    /// A message of a client that the broker has kept and is about to publish, or to deliver: write
    /// access only.
    ///
    /// A will; a QoS 2 message of an earlier connection that is released now; with
    /// `check_retain_source` a retained message.
    case publishStored(ClientIdentity, Message)
}
