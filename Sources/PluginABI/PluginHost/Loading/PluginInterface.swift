// SPDX-License-Identifier: Apache-2.0
// The versions of the plugin interface: which one a library speaks, and its entry points.

import CMosquitto
// The first and the last are only linked, for plugins.
import CommonJSON
import CommonLibrary
import CommonPasswords
import Glibc

/// How a plugin is initialised and cleaned up.
enum PluginInterface: Sendable {
    typealias Options = UnsafeMutablePointer<mosquitto_opt>?
    typealias Version = @convention(c) (CInt, UnsafePointer<CInt>?) -> CInt
    typealias OldVersion = @convention(c) () -> CInt
    typealias Init =
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?, Options, CInt
        ) -> CInt
    typealias Cleanup = @convention(c) (UnsafeMutableRawPointer?, Options, CInt) -> CInt
    typealias ThreadSafe = @convention(c) () -> CInt

    /// Version 5.
    case current(Init, Cleanup?)
    /// Versions 4, 3 and 2.
    case legacy(LegacyPlugin)

    /// Why a library is no plugin: the lines to log.
    struct Refusal: Error {
        let lines: [String]

        init(line: String, reason: String? = nil) {
            lines = [line] + (reason.map { ["Load error: \($0)"] } ?? [])
        }
    }

    /// The versions offered to plugins, the best first.
    static let versions: [CInt] = [5, 4, 3, 2]

    /// Finds out which version a library speaks and looks up its entry points.
    init(_ library: PluginLibrary, deniesSpecialCharacters: Bool) throws(Refusal) {
        let version = try Self.version(of: library)
        switch version {
        case 5:
            guard let initialise = library.symbol("mosquitto_plugin_init", as: Init.self) else {
                throw Refusal(
                    line: "Error: Unable to load plugin function mosquitto_plugin_init().",
                    reason: Self.linkerError
                )
            }
            let cleanup = library.symbol("mosquitto_plugin_cleanup", as: Cleanup.self)
            self = .current(initialise, cleanup)
        case 2...4:
            let plugin = try LegacyPlugin(
                library,
                version: version,
                deniesSpecialCharacters: deniesSpecialCharacters
            )
            self = .legacy(plugin)
        default:
            throw Refusal(
                line: "Error: Unsupported auth plugin version (got \(version), expected 5)."
            )
        }
    }

    static func missing(_ name: StaticString) -> Refusal {
        Refusal(
            line: "Error: Unable to load auth plugin function \(name)().",
            reason: linkerError
        )
    }

    /// What the dynamic linker says about the look-up that failed last.
    private static var linkerError: String? { dlerror().map { String(cString: $0) } }

    private static func version(of library: PluginLibrary) throws(Refusal) -> CInt {
        if let ask = library.symbol("mosquitto_plugin_version", as: Version.self) {
            return versions.withUnsafeBufferPointer { ask(CInt($0.count), $0.baseAddress) }
        }
        guard let ask = library.symbol("mosquitto_auth_plugin_version", as: OldVersion.self) else {
            throw Refusal(
                line: "Error: Unable to load auth plugin function"
                    + " mosquitto_auth_plugin_version() or mosquitto_plugin_version().",
                reason: linkerError
            )
        }
        return ask()
    }
}
