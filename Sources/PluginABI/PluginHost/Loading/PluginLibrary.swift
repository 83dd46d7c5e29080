// SPDX-License-Identifier: Apache-2.0
// The library of a plugin: opened, and asked for its entry points.

import CBrokerShims
import CommonLibrary
import Config
import Glibc
import Results

/// A loaded library, never unloaded: plugins leave threads, exit handlers and pointers behind.
///
/// `@unchecked Sendable`: the handle is only given to `dlsym`, which any thread may call.
struct PluginLibrary: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer

    /// Opens the library of a plugin, whose constructors run.
    init(_ configuration: PluginConfiguration, isBuiltIn: Bool) throws(PluginHost.LoadError) {
        let symbols: broker_symbols =
            switch configuration.symbols {
            case .global: BROKER_SYMBOLS_GLOBAL
            case .local: BROKER_SYMBOLS_LOCAL
            case nil: isBuiltIn ? BROKER_SYMBOLS_LOCAL : BROKER_SYMBOLS_OWN_FIRST
            }
        guard let handle = broker_open_library(configuration.path, symbols) else {
            let reason = dlerror().map { String(cString: $0) } ?? "unknown"
            throw PluginHost.LoadError(
                lines: [
                    "Error: Unable to load plugin \"\(configuration.path)\".",
                    "Load error: \(reason)\(configuration.mention)",
                ],
                exitCode: ResultCode.unknown
            )
        }
        self.handle = handle
    }

    /// An entry point as the C function type `Function`; nil if the library has none of the name.
    func symbol<Function>(_ name: StaticString, as type: Function.Type) -> Function? {
        guard let address = dlsym(handle, name.cString) else { return nil }
        return unsafeBitCast(address, to: type)
    }
}
