// SPDX-License-Identifier: Apache-2.0
// Tells whether a file may have been written since it was read.

/// What changes when a file is written or replaced, as `fstat` has it.
package struct FileStamp: Sendable, Equatable {
    /// The number of the file on its file system.
    package var inode: UInt64
    /// When it was last written, in nanoseconds since 1970.
    package var modifiedAt: Int64

    package init(inode: UInt64, modifiedAt: Int64) {
        self.inode = inode
        self.modifiedAt = modifiedAt
    }
}
