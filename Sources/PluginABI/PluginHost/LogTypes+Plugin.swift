// SPDX-License-Identifier: Apache-2.0
// Types of the lines that plugins write.

import Log

extension LogTypes {
    /// The type of a line that a plugin writes; levels that are none count as errors.
    static func ofPlugin(_ level: CInt) -> LogTypes {
        let type = LogTypes(rawValue: UInt32(bitPattern: level))
        switch type {
        case .information, .notice, .warning, .error, .debug, .subscribe, .unsubscribe,
            .websockets, .internal:
            return type
        default: return .error
        }
    }
}
