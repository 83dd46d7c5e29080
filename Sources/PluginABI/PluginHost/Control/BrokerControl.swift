// SPDX-License-Identifier: Apache-2.0
// `$CONTROL/broker/v1`: what the broker says about itself.

import CcJSON
import Config
import Core
import Glibc

/// The broker's own `$CONTROL` endpoint; there with `enable_control_api`.
struct BrokerControl: Sendable {
    /// The topic of requests.
    static let topic = "$CONTROL/broker/v1"

    /// Answers a request.
    func handle(_ payload: UnsafeRawBufferPointer, host: PluginHost) {
        _ = ControlRequest.run(payload, responseTopic: Self.topic + "/response") {
            command,
            responses in
            switch command.name.lowercased() {
            case "listplugins":
                command.reply(responses, data: Self.plugins(of: host))
            case "listlisteners":
                command.reply(responses, data: Self.listeners(of: host.broker))
            case "listbridges":
                command.reply(responses, data: Self.bridges(of: host.broker))
            case "reconnectbridge":
                command.reply(responses, error: Self.reconnect(command, host.broker))
            case "savestate":
                let isBegun = host.broker.saver.save(host.broker)
                command.reply(responses, error: isBegun ? nil : "Persistence is off")
            case "health":
                command.reply(responses, data: Self.health(of: host.broker))
            default: command.reply(responses, error: "Unknown command")
            }
        }
    }

    /// The word of `/health/ready`.
    private static func health(of broker: Broker) -> JSON? {
        guard let data = cJSON_CreateObject() else { return nil }
        _ = cJSON_AddStringToObject(data, "status", broker.readinessWord)
        let warnings = broker.warnings
        if !warnings.isEmpty, let list = cJSON_AddArrayToObject(data, "warnings") {
            for warning in warnings { cJSON_AddItemToArray(list, cJSON_CreateString(warning)) }
        }
        return data
    }

    private static func bridges(of broker: Broker) -> JSON? {
        guard let data = cJSON_CreateObject(), let array = cJSON_AddArrayToObject(data, "bridges")
        else { return nil }
        for bridge in broker.bridges.all {
            guard let entry = cJSON_CreateObject() else { continue }
            func add(_ name: String, _ value: String) {
                _ = cJSON_AddStringToObject(entry, name, value)
            }
            add("name", bridge.name)
            add("state", bridge.state.rawValue)
            add("since", Timestamp.text(bridge.since))
            add("address", bridge.address)
            add("local-clientid", bridge.localClientIdentifier)
            add("remote-clientid", bridge.remoteClientIdentifier)
            _ = cJSON_AddNumberToObject(entry, "protocol-version", Double(bridge.protocolVersion))
            if let error = bridge.lastError { add("last-error", error) }
            if let next = bridge.nextAttempt { add("next-attempt", Timestamp.text(next)) }
            cJSON_AddItemToArray(array, entry)
        }
        return data
    }

    /// Returns what is wrong; nil if the bridge connects anew.
    private static func reconnect(_ command: ControlCommand, _ broker: Broker) -> String? {
        guard let item = cJSON_GetObjectItem(command.tree, "name"), cJSON_IsString(item) != 0,
            let name = item.pointee.valuestring
        else { return "Invalid/missing name" }
        let text = String(cString: name)
        return broker.reconnectBridge(text) ? nil : "Bridge '\(text)' not found"
    }

    private static func listeners(of broker: Broker) -> JSON? {
        guard let data = cJSON_CreateObject(), let array = cJSON_AddArrayToObject(data, "listeners")
        else { return nil }
        for listener in broker.settings.configuration.listeners {
            guard let entry = cJSON_CreateObject() else { continue }
            _ = cJSON_AddNumberToObject(entry, "port", Double(listener.port))
            switch listener.protocol {
            case .mqtt: _ = cJSON_AddStringToObject(entry, "protocol", "mqtt")
            case .websockets: _ = cJSON_AddStringToObject(entry, "protocol", "mqtt+websockets")
            case .httpApi: break
            }
            if let host = listener.host { _ = cJSON_AddStringToObject(entry, "bind-address", host) }
            if let path = listener.unixSocketPath {
                _ = cJSON_AddStringToObject(entry, "socket-path", path)
            }
            let isSecure = listener.tls.isEnabled || listener.pskHint != nil
            _ = cJSON_AddBoolToObject(entry, "tls", isSecure ? 1 : 0)
            cJSON_AddItemToArray(array, entry)
        }
        return data
    }
}
