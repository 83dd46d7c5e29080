// SPDX-License-Identifier: Apache-2.0
// Log levels, so that the engine needs nothing of the broker.

/// How important a log line is; the numbers are those of the plugin interface.
package enum LogLevel: Int32, Sendable {
    case info = 1
    case notice = 2
    case warning = 4
    case error = 8
}
