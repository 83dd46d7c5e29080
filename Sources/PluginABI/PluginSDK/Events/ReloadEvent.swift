// SPDX-License-Identifier: Apache-2.0
// The configuration is read again.

internal import CMosquitto

/// The broker reads its configuration again; a plugin reads its files again.
public struct ReloadEvent: PluginEvent, ~Copyable {
    /// The plugin's options, in brokers that repeat them; the original gives none.
    public let options: PluginOptions

    /// The reload goes on, in other plugins too: 2.0 asks the next one only if this one defers.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws is logged and nothing else happens, so the old state stays.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> Void
    ) -> Int32 {
        let data = data.assumingMemoryBound(to: mosquitto_evt_reload.self)
        var event = Self(
            options: PluginOptions(
                copying: UnsafeRawPointer(data.pointee.options),
                count: data.pointee.option_count
            )
        )
        do { try body(&event) } catch { broker.report(error, in: "reload") }
        return (broker.host.isAtLeast2_1 ? ResultCode.success : .pluginDefer).rawValue
    }
}
