// SPDX-License-Identifier: Apache-2.0
// A plugin type as the entry points see it.

internal import CPluginEntry
internal import Glibc

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
    let findings: @Sendable (PluginOptions) -> [OptionFinding]
    /// What `mosquitto_plugin_option_names` returns, for the life of the process.
    ///
    /// `nonisolated(unsafe)`: strings that are written in `init` and never freed.
    nonisolated(unsafe) let optionNames: UnsafePointer<UnsafePointer<CChar>?>?

    package init(_ type: any PluginDescription.Type, threadSafety: CInt, make: @escaping Make) {
        name = type.name
        version = type.version
        self.threadSafety = threadSafety
        self.make = make
        findings = { type.findings(about: $0) }
        optionNames = type.optionNames.map(Self.array)
    }

    /// Strings as C has them, ended by a null pointer; never freed.
    private static func array(_ names: [String]) -> UnsafePointer<UnsafePointer<CChar>?> {
        let array = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: names.count + 1)
        array.initialize(repeating: nil, count: names.count + 1)
        for (index, name) in names.enumerated() { array[index] = UnsafePointer(strdup(name)) }
        return UnsafePointer(array)
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
