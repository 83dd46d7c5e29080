// SPDX-License-Identifier: Apache-2.0
// Why a file cannot be written.

import Glibc

/// Why a file cannot be written; the old one is as it was, unless only `syncFolder` failed.
package struct DatabaseWriteError: Error, Equatable, CustomStringConvertible {
    /// What was being done.
    package enum Operation: Sendable, Equatable {
        /// A temporary file from earlier was in the way.
        case remove
        /// The temporary file was to be created.
        case open
        case write
        /// What was written was to reach the disk.
        case sync
        /// The temporary file was to take the place of the old one.
        case rename
        /// The new name was to reach the disk.
        case syncFolder
        /// Something is longer than the format can say. Nothing of it was written, and whoever
        /// writes may go on with the next.
        case represent
    }

    package let operation: Operation
    /// The file concerned, or for `represent` what is too long.
    package let subject: String
    /// The `errno`.
    package let code: CInt

    /// The error as it is logged; the first two in the original's words.
    package var logLine: String {
        let reason = String(cString: strerror(code))
        let head = "Error saving in-memory database, unable to"
        return switch operation {
        case .remove: "\(head) remove \(subject)."
        case .open: "\(head) open \(subject) for writing."
        case .write: "\(head) write \(subject): \(reason)."
        case .sync, .syncFolder: "\(head) sync \(subject): \(reason)."
        case .rename: "\(head) replace \(subject): \(reason)."
        case .represent: "\(head) save \(subject): too long."
        }
    }

    package var description: String { "\(logLine) [errno \(code)]" }
}
