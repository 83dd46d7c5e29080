// SPDX-License-Identifier: Apache-2.0
// Why plugins refuse: what they say themselves, and who has decided.

import CBrokerShims
import CMosquitto
package import Core
import Glibc
import Log
import Results

/// Why plugins refuse what they are asked about, kept for each thread until it is asked for.
///
/// A plugin gives its reason before it returns (`mosquitto_access_reason_set`). A check of access that
/// denies notes who has; nothing is noted where access is allowed, nor where reading is denied.
enum Refusals {
    /// A plugin has given its reason.
    static func setReason(_ plugin: LoadedPlugin, _ text: UnsafePointer<CChar>) {
        let place = broker_refusal()
        guard let place else { return }
        place.pointee.speaker = identity(plugin)
        withUnsafeMutableBytes(of: &place.pointee.text) { target in
            let count = min(strlen(text), target.count - 1)
            target.copyMemory(from: UnsafeRawBufferPointer(start: text, count: count))
            target[count] = 0
        }
    }

    /// The reason that a plugin has given on this thread since it was last asked for.
    static func takeReason(of plugin: LoadedPlugin) -> String? {
        guard let place = broker_refusal(), place.pointee.speaker == identity(plugin) else {
            return nil
        }
        return takeReason(place)
    }

    /// The reason that anybody has given on this thread since it was last asked for.
    static func takeReason() -> String? {
        guard let place = broker_refusal(), place.pointee.speaker != nil else { return nil }
        return takeReason(place)
    }

    private static func takeReason(_ place: UnsafeMutablePointer<broker_refusal>) -> String {
        place.pointee.speaker = nil
        return withUnsafeBytes(of: &place.pointee.text) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// A plugin has refused on this thread.
    static func note(_ plugin: LoadedPlugin, code: CInt) {
        guard let place = broker_refusal() else { return }
        place.pointee.decider = identity(plugin)
        place.pointee.code = code
    }

    /// The last one that has refused on this thread since this was last asked.
    static func take() -> Denial? {
        guard let place = broker_refusal(), let decider = place.pointee.decider else { return nil }
        place.pointee.decider = nil
        // Plugins live as long as the process.
        let plugin = Unmanaged<LoadedPlugin>.fromOpaque(decider)
        return plugin._withUnsafeGuaranteedRef { plugin in
            Denial(
                plugin: plugin.displayName,
                reason: takeReason(of: plugin),
                code: place.pointee.code
            )
        }
    }

    private static func identity(_ plugin: LoadedPlugin) -> UnsafeRawPointer {
        UnsafeRawPointer(Unmanaged.passUnretained(plugin).toOpaque())
    }
}

extension PluginHost {
    package func takeDenial() -> Denial? { Refusals.take() }
}
