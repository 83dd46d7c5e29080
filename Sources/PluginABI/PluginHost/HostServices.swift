// SPDX-License-Identifier: Apache-2.0
// What the functions of the C interface need of whoever runs the plugin that calls them.

import CMosquitto
import Core
import Log
import MQTT

/// What the functions of the C interface need of whoever runs the plugin that calls them: the broker
/// itself, or the helper that runs one plugin in a process of its own.
///
/// Arguments have been checked. Any thread may call.
protocol HostServices: AnyObject, Sendable {
    /// The plugin behind an identifier; nil for pointers that are none of ours.
    func plugin(_ identifier: OpaquePointer) -> LoadedPlugin?
    /// Whether lines of this type are written at the moment.
    func isLogged(_ type: LogTypes) -> Bool
    /// Writes a line about a plugin's mistake.
    func logError(_ line: String)
    /// Writes a line of a plugin, with its level, which is on.
    func log(level: CInt, _ line: String)
    /// Where persistence plugins put their files.
    var persistenceFolder: UnsafePointer<CChar>? { get }

    /// What persistence plugins are giving back; nil when it is not the time for that.
    var restoringState: RestoredState? { get }
    /// `mosquitto_broker_node_id_set`.
    func setNodeIdentifier(_ identifier: UInt16) -> CInt

    /// `mosquitto_callback_register`.
    func register(
        _ plugin: LoadedPlugin,
        _ event: PluginEvent,
        _ function: @escaping Callback.Function,
        topic: UnsafePointer<CChar>?,
        _ userData: UnsafeMutableRawPointer?
    ) -> CInt
    /// `mosquitto_callback_unregister`.
    func unregister(
        _ plugin: LoadedPlugin,
        _ event: PluginEvent,
        _ function: @escaping Callback.Function,
        topic: UnsafePointer<CChar>?
    ) -> CInt
    /// `mosquitto_plugin_set_info`.
    func setInfo(_ plugin: LoadedPlugin, name: String, version: String?)

    /// A client by its identifier, connected or not.
    func client(named name: String) -> OpaquePointer?
    /// Whether there is a session of an identifier.
    func hasSession(_ name: String) -> Bool
    /// Calls `body` for every client until a call returns other than 0, which is returned.
    func forEachClient(_ body: (OpaquePointer) -> CInt) -> CInt
    /// A plugin has given a client another user name.
    func userNameChanged(of record: ClientRecord)
    /// `mosquitto_set_clientid`.
    func rename(_ record: ClientRecord, to name: String) -> CInt

    /// The certificate that a client has shown, an `X509 *` with a reference of its own; nil without one, and
    /// once all has been told of its connection.
    func certificate(of record: ClientRecord) -> OpaquePointer?
    /// The channel binding `tls-exporter` of a client's connection, 32 bytes; nil likewise.
    func channelBinding(of record: ClientRecord) -> [UInt8]?

    /// Disconnects a client.
    func kick(_ name: String, publishesWill: Bool)
    /// Disconnects all clients.
    func kickAll(publishesWill: Bool)
    /// Disconnects all clients of a user, or those without user name.
    func kickUser(_ name: String?, publishesWill: Bool)
    /// Removes a session without its will.
    func removeSession(_ name: String)

    /// `mosquitto_complete_basic_auth`.
    func completeBasic(_ identifier: String, code: Int32)
    /// `mosquitto_complete_extended_auth`.
    func completeExtended(_ identifier: String, code: Int32, data: [UInt8]?)
    /// `mosquitto_complete_auth`.
    func complete(_ ticket: DelayedAnswers.Ticket, code: Int32, data: [UInt8]?)
    /// Whether anybody waits for the answer to a ticket.
    func isAwaited(_ ticket: DelayedAnswers.Ticket) -> Bool

    /// Waits until there is room for another publication, unless the thread must not.
    func waitForRoom()
    /// Publishes to all, or to one client.
    func publish(_ publication: PluginPublication, to name: String?)
    /// Removes the retained message of a topic.
    func removeRetained(_ topic: [UInt8])
    /// `mosquitto_subscription_add`.
    func subscribe(
        _ name: String,
        filter: [UInt8],
        shareName: [UInt8]?,
        options: UInt8,
        identifier: UInt32
    ) -> CInt
    /// `mosquitto_subscription_delete`.
    func unsubscribe(_ name: String, filter: [UInt8], shareName: [UInt8]?) -> CInt
    /// What `mosquitto_client_will_set` fails with because of whom it is for; 0 if it does not.
    ///
    /// - Parameter hasProperties: whether the plugin has handed over some
    func obstacleToWill(of name: String, hasProperties: Bool) -> CInt
    /// Gives a client a will.
    func setWill(_ name: String, _ will: Will)
}

extension HostServices {
    /// Writes a line of this type, if it is on.
    func log(_ type: LogTypes, _ line: @autoclosure () -> String) {
        guard isLogged(type) else { return }
        log(level: CInt(truncatingIfNeeded: type.rawValue), line())
    }
}
