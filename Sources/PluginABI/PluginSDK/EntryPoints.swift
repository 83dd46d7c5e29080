// SPDX-License-Identifier: Apache-2.0
// The C functions a broker looks for in a plugin's library; the author's one function leads here.

internal import CPluginEntry
internal import Glibc

/// A plugin between `mosquitto_plugin_init` and `mosquitto_plugin_cleanup`.
private final class LoadedPlugin {
    let broker: Broker
    let plugin: any PluginDescription

    init(broker: Broker, plugin: any PluginDescription) {
        self.broker = broker
        self.plugin = plugin
    }
}

/// The version of the plugin interface spoken here.
private let interfaceVersion: CInt = 5

/// Chooses the plugin interface: version 5 if the broker offers it, else -1. `[plugin thread]`
@c public func mosquitto_plugin_version(
    _ supportedVersionCount: CInt,
    _ supportedVersions: UnsafePointer<CInt>?
) -> CInt {
    let offered = UnsafeBufferPointer(
        start: supportedVersions,
        count: Int(max(0, supportedVersionCount))
    )
    return offered.contains(interfaceVersion) ? interfaceVersion : -1
}

/// Creates the plugin; the broker keeps it in `userData` until clean-up. `[plugin thread]`
@c public func mosquitto_plugin_init(
    _ identifier: OpaquePointer?,
    _ userData: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ options: UnsafeRawPointer?,
    _ optionCount: CInt
) -> CInt {
    guard let entry = PluginEntry.ofThisLibrary, let userData else {
        return ResultCode.invalid.rawValue
    }
    let host: HostFunctions
    do {
        host = try HostFunctions.ofThisProcess.get()
    } catch {
        let line = "\(entry.name): this process is not a broker: it lacks \(error.name)\n"
        _ = line.withCString { write(STDERR_FILENO, $0, line.utf8.count) }
        return ResultCode.notSupported.rawValue
    }
    let broker = Broker(host: host, identifier: identifier, pluginName: entry.name)
    broker.setInfo(name: entry.name, version: entry.version)
    do {
        let plugin = try entry.make(broker, PluginOptions(copying: options, count: optionCount))
        let loaded = LoadedPlugin(broker: broker, plugin: plugin)
        userData.pointee = Unmanaged.passRetained(loaded).toOpaque()
        return ResultCode.success.rawValue
    } catch {
        broker.unregisterAll()
        if let code = error as? ResultCode { return code.rawValue }
        broker.log(.error, "\(entry.name): Error: \(error)")
        return (error as? BrokerError)?.code.rawValue ?? ResultCode.unknown.rawValue
    }
}

/// Ends the plugin's registrations and releases it. `[plugin thread]`
@c public func mosquitto_plugin_cleanup(
    _ userData: UnsafeMutableRawPointer?,
    _ options: UnsafeRawPointer?,
    _ optionCount: CInt
) -> CInt {
    guard let userData else { return ResultCode.success.rawValue }
    let loaded = Unmanaged<LoadedPlugin>.fromOpaque(userData).takeRetainedValue()
    loaded.plugin.willUnload()
    loaded.broker.unregisterAll()
    return ResultCode.success.rawValue
}

/// Tells a broker that asks whether callbacks may run on several threads at once. `[any thread]`
@c public func mosquitto_plugin_thread_safe() -> CInt {
    PluginEntry.ofThisLibrary?.threadSafety ?? 0
}

/// Tells a broker that asks which options there are; null: any. `[plugin thread]`
@c public func mosquitto_plugin_option_names() -> UnsafePointer<UnsafePointer<CChar>?>? {
    PluginEntry.ofThisLibrary?.optionNames
}

/// Tells a broker that only checks its configuration what is wrong with options. `[plugin thread]`
@c public func mosquitto_plugin_check_options(
    _ options: UnsafeRawPointer?,
    _ optionCount: CInt,
    _ find: (
        @convention(c) (
            UnsafeMutableRawPointer?, CInt, UnsafePointer<CChar>?, UnsafePointer<CChar>?
        ) -> Void
    )?,
    _ userData: UnsafeMutableRawPointer?
) {
    guard let entry = PluginEntry.ofThisLibrary, let find else { return }
    for finding in entry.findings(PluginOptions(copying: options, count: optionCount)) {
        finding.option.withOptionalCString { option in
            finding.text.withCString { find(userData, finding.code.rawValue, option, $0) }
        }
    }
}
