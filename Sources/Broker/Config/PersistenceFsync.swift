// SPDX-License-Identifier: Apache-2.0
// The words of `persistence_fsync`.

/// When what is recorded in the session log is safe, so that it may be acknowledged.
package enum PersistenceFsync: String, Sendable, CaseIterable {
    /// When the disk has it.
    case always
    /// When the kernel has it, which gives it to the disk once a second.
    case everysec
    /// When the kernel has it.
    case no
}
