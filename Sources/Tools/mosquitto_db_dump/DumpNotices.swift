// SPDX-License-Identifier: Apache-2.0
// What is said of parts that are passed over.

import Persist
import ToolSupport

/// Says on standard error what a reader passed over.
enum DumpNotices {
    /// One that the reader found; `chunk` is the last that is known.
    static func say(_ notice: DatabaseNotice) { Terminal.complain(notice.logLine) }

    /// The version of a file that is newer than what is known.
    static func noteVersion(_ version: UInt32) -> String? {
        guard version > DatabaseFormat.version else { return nil }
        return
            "Warning: mosquitto_db_dump does not support this DB version, continuing but expecting errors."
    }
}
