// SPDX-License-Identifier: Apache-2.0
// Plugins and callbacks without a library, for tests of who is asked where.

import CMosquitto
import Config
import MQTT
import Net

@testable import Core
@testable import PluginHost

/// Plugins and callbacks without a library.
enum Callbacks {
    /// A plugin that says it may be called anywhere, and one that says nothing.
    static let threadSafe = plugin(CInt(MOSQ_PLUGIN_THREAD_SAFE.rawValue))
    static let serial = plugin(0)
    /// One that is asked about clients without a password, on the plugin thread.
    static let confirming = plugin(CInt(MOSQ_PLUGIN_AUTH_CONFIRMS.rawValue))
    /// What stands for `password_file`; it has declared nothing.
    static let builtIn = plugin(0, isBuiltIn: true)

    private static func plugin(_ threadSafety: CInt, isBuiltIn: Bool = false) -> LoadedPlugin {
        LoadedPlugin(
            PluginConfiguration(path: "/test.so"),
            interface: .current({ _, _, _, _ in 0 }, nil),
            isBuiltIn: isBuiltIn,
            threadSafety: threadSafety
        )
    }

    /// A callback that accepts.
    static func callback(
        _ event: PluginEvent,
        _ plugin: LoadedPlugin,
        number: Int = 1
    ) -> Callback {
        Callback(
            number: number,
            event: event,
            plugin: plugin,
            function: { _, _, _ in 0 },
            userData: UnsafeTransfer(nil)
        )
    }

    /// All callbacks of one moment, each on all listeners.
    static func snapshot(
        _ registered: [(PluginEvent, LoadedPlugin)],
        control: [String: LoadedPlugin] = [:]
    ) -> CallbackSnapshot {
        var lists = CallbackLists()
        for (index, (event, plugin)) in registered.enumerated() {
            lists[event, nil].append(callback(event, plugin, number: index + 1))
        }
        for (topic, plugin) in control {
            lists.control[ExactText(topic)] = callback(.control, plugin)
        }
        return CallbackSnapshot(lists: lists, listenerCount: 1, isPerListener: false)
    }

    /// A client without a listener.
    static let client = ClientIdentity(
        clientIdentifier: "x",
        userName: nil,
        peer: .text("10.0.0.1", port: 1),
        listener: nil,
        version: .v5,
        keepAliveSeconds: 0,
        isCleanStart: true,
        isBridge: false,
        authenticationMethod: nil
    )

    /// A message to a topic.
    static func message(_ topic: String) -> Message {
        UnsafePublication.with(
            topic: Array(topic.utf8),
            properties: [],
            payload: [],
            qos: 0,
            isRetained: false,
            expiresAt: 0,
            origin: nil,
            Message.make
        )
    }
}
