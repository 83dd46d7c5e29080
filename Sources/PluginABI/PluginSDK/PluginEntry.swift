// SPDX-License-Identifier: Apache-2.0
// A plugin type as the entry points see it.

internal import CPluginEntry

/// A plugin type in the shape the entry points need.
///
/// One is made per look-up and kept for the life of the process, as plugins are.
package final class PluginEntry: Sendable {
    package typealias Make = @Sendable (Broker, PluginOptions) throws -> any PluginDescription

    let name: String
    let version: String?
    /// What `mosquitto_plugin_thread_safe` returns.
    let threadSafety: CInt
    let make: Make

    package init(_ type: any PluginDescription.Type, threadSafety: CInt, make: @escaping Make) {
        name = type.name
        version = type.version
        self.threadSafety = threadSafety
        self.make = make
    }

    var rawPointer: UnsafeRawPointer { UnsafeRawPointer(Unmanaged.passRetained(self).toOpaque()) }

    /// The entry of the library this code is linked into.
    ///
    /// A library without `mosquitto_swift_plugin` has none, and so do programs that only use the module.
    static let ofThisLibrary: PluginEntry? = {
        guard let pointer = plugin_entry_of_this_library() else { return nil }
        return Unmanaged<PluginEntry>.fromOpaque(pointer).takeUnretainedValue()
    }()
}
