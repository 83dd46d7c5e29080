// SPDX-License-Identifier: Apache-2.0
// CONNECT, DISCONNECT and CLIENT_OFFLINE: what plugins are told.

import CMosquitto
import Core

extension PluginHost {
    /// Tells the callbacks of CONNECT.
    func tellConnected(_ identity: ClientIdentity, _ scope: CallbackSnapshot.Scope) {
        let handle = ClientRecord.handle(of: identity)
        for callback in scope[.connect].all where callback.plugin.isolated == nil {
            var data = mosquitto_evt_connect()
            data.client = handle
            _ = callback.call(&data, watch)
        }
    }

    /// Tells the callbacks of DISCONNECT, or of CLIENT_OFFLINE when the session lives on.
    func tellDisconnected(
        _ identity: ClientIdentity,
        code: Int32,
        isOffline: Bool,
        _ scope: CallbackSnapshot.Scope
    ) {
        let handle = ClientRecord.handle(of: identity)
        for callback in scope[isOffline ? .clientOffline : .disconnect].all
        where callback.plugin.isolated == nil {
            if isOffline {
                var data = mosquitto_evt_client_offline()
                data.client = handle
                data.reason = code
                _ = callback.call(&data, watch)
            } else {
                var data = mosquitto_evt_disconnect()
                data.client = handle
                data.reason = code
                _ = callback.call(&data, watch)
            }
        }
    }
}
