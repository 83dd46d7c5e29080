// SPDX-License-Identifier: Apache-2.0
// mosquitto/broker_callback.h: registration of callbacks, and who a plugin is.

public import CMosquitto
import CommonLibrary
import Config
import Core
import Glibc
import Log
import Results
import Synchronization

/// Names a plugin.
@c(mosquitto_plugin_set_info) @implementation
public func mosquitto_plugin_set_info(
    _ identifier: OpaquePointer!,
    _ plugin_name: UnsafePointer<CChar>!,
    _ plugin_version: UnsafePointer<CChar>!
) -> CInt {
    guard let identifier: OpaquePointer = identifier,
        let name: UnsafePointer<CChar> = plugin_name,
        let host = CurrentHost.services, let plugin = host.plugin(identifier)
    else { return ResultCode.invalid }
    let version: UnsafePointer<CChar>? = plugin_version
    host.setInfo(
        plugin,
        name: String(cString: name),
        version: version.map { String(cString: $0) }
    )
    return ResultCode.success
}

/// Asks for an event.
@c(mosquitto_callback_register) @implementation
public func mosquitto_callback_register(
    _ identifier: OpaquePointer!,
    _ event: CInt,
    _ cb_func: MOSQ_FUNC_generic_callback!,
    _ event_data: UnsafeRawPointer!,
    _ userdata: UnsafeMutableRawPointer!
) -> CInt {
    guard let identifier: OpaquePointer = identifier, let host = CurrentHost.services,
        let plugin = host.plugin(identifier),
        let function: Callback.Function = cb_func
    else { return ResultCode.invalid }
    guard let event = PluginEvent(rawValue: event) else { return ResultCode.notSupported }
    let topic: UnsafeRawPointer? = event_data
    return host.register(
        plugin,
        event,
        function,
        topic: topic?.assumingMemoryBound(to: CChar.self),
        userdata
    )
}

/// Ends a registration.
@c(mosquitto_callback_unregister) @implementation
public func mosquitto_callback_unregister(
    _ identifier: OpaquePointer!,
    _ event: CInt,
    _ cb_func: MOSQ_FUNC_generic_callback!,
    _ event_data: UnsafeRawPointer!
) -> CInt {
    guard let identifier: OpaquePointer = identifier, let host = CurrentHost.services,
        let plugin = host.plugin(identifier),
        let function: Callback.Function = cb_func
    else { return ResultCode.invalid }
    guard let event = PluginEvent(rawValue: event) else { return ResultCode.notSupported }
    let topic: UnsafeRawPointer? = event_data
    return host.unregister(
        plugin,
        event,
        function,
        topic: topic?.assumingMemoryBound(to: CChar.self)
    )
}

extension PluginHost {
    /// Length of `$CONTROL/A/v1`.
    private static let controlTopicBytesMin = 13

    /// Registers a callback; the result is that of `mosquitto_callback_register`.
    func register(
        _ plugin: LoadedPlugin,
        _ event: PluginEvent,
        _ function: @escaping Callback.Function,
        topic: UnsafePointer<CChar>?,
        _ userData: UnsafeMutableRawPointer?
    ) -> CInt {
        if event.isPersistence, broker.settings.configuration.persistence {
            log.error("Error: `persistence true` cannot be used with a persistence plugin.")
            return ResultCode.invalid
        }
        if event == .control { return registerControl(plugin, function, topic, userData) }
        guard case .done = registry.add(plugin, event, function, UnsafeTransfer(userData)) else {
            return ResultCode.alreadyExists
        }
        let name = plugin.name.map { " \($0)" } ?? ""
        log.info("Plugin\(name) has registered to receive '\(event.name)' events.")
        if event.isPersistence, hasStarted.load(ordering: .acquiring) { broker.beginReports() }
        return ResultCode.success
    }

    /// Refuses an event of persistence plugins to one that runs in a process of its own: what it was told
    /// would be lost when it crashes.
    func refusePersistence(_ plugin: LoadedPlugin, _ event: PluginEvent) -> CInt {
        if broker.settings.configuration.persistence {
            log.error("Error: `persistence true` cannot be used with a persistence plugin.")
            return ResultCode.invalid
        }
        log.error(
            "Error: Plugin \(plugin.displayName) asked for '\(event.name)' events, which need"
                + " plugin_isolation none."
        )
        return ResultCode.notSupported
    }

    private func registerControl(
        _ plugin: LoadedPlugin,
        _ function: @escaping Callback.Function,
        _ topic: UnsafePointer<CChar>?,
        _ userData: UnsafeMutableRawPointer?
    ) -> CInt {
        guard let topic = topic.map({ String(cString: $0) }), isControlTopic(topic) else {
            return ResultCode.invalid
        }
        if topic == ControlAPI.topic, hasControlAPI {
            return ResultCode.alreadyExists
        }
        let outcome = registry.addControl(
            plugin,
            topic: topic,
            function,
            UnsafeTransfer(userData)
        )
        guard case .done = outcome else { return ResultCode.alreadyExists }
        noteControl(plugin, topic)
        return ResultCode.success
    }

    /// Whether somebody may register for a topic.
    func isControlTopic(_ topic: String) -> Bool {
        topic.utf8.count >= Self.controlTopicBytesMin && topic.utf8.count <= 65_535
            && topic.hasPrefix("$CONTROL/")
    }

    /// A plugin has registered for a `$CONTROL` topic.
    func noteControl(_ plugin: LoadedPlugin, _ topic: String) {
        plugin.addControlTopic(topic)
        if let name = plugin.name {
            log.info(
                "Plugin \(name) has registered to receive 'control' events on topic \(topic)."
            )
        }
    }

    /// Ends a registration; the result is that of `mosquitto_callback_unregister`.
    func unregister(
        _ plugin: LoadedPlugin,
        _ event: PluginEvent,
        _ function: @escaping Callback.Function,
        topic: UnsafePointer<CChar>?
    ) -> CInt {
        let outcome: CallbackRegistry.Outcome
        if event == .control {
            guard let topic = topic.map({ String(cString: $0) }) else { return ResultCode.invalid }
            outcome = registry.removeControl(plugin, topic: topic, function)
            if case .done = outcome { plugin.removeControlTopic(topic) }
        } else {
            outcome = registry.remove(plugin, event, function)
        }
        guard case .done = outcome else { return ResultCode.notFound }
        return ResultCode.success
    }
}

/// A pointer that is only carried, never looked behind.
struct UnsafeTransfer: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer?

    init(_ pointer: UnsafeMutableRawPointer?) { self.pointer = pointer }
}
