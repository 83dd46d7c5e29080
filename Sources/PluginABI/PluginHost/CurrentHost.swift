// SPDX-License-Identifier: Apache-2.0
// Whoever functions of the C interface work for.

import CBrokerShims
import Log
import Synchronization

/// Whoever functions of the C interface work for.
enum CurrentHost {
    private static let installed = Mutex<(any HostServices)?>(nil)

    /// Whoever they work for; nil while nobody runs plugins.
    static var services: (any HostServices)? { installed.withLock { $0 } }

    /// Has functions, and lines that plugins log, reach `services` from now on.
    static func install(_ services: any HostServices) {
        installed.withLock { $0 = services }
        broker_log_sink_set { level, text, length in
            guard let text, let host = CurrentHost.services else { return }
            let bytes = UnsafeRawBufferPointer(start: text, count: length)
            // Any bit of a level switches the line on; where it goes, one of ours decides.
            guard host.isLogged(LogTypes(rawValue: UInt32(bitPattern: level))) else { return }
            host.log(level: level, String(decoding: bytes, as: UTF8.self))
        }
    }

    /// From now on the functions do nothing, and fail where they can say so.
    static func uninstall() {
        installed.withLock { $0 = nil }
        broker_log_sink_set(nil)
    }
}
