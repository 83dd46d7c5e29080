// SPDX-License-Identifier: Apache-2.0
// A file of host access rules: whether it has changed, and whether it concerns the broker.

import CLinux
import Glibc
import Net

/// A file of host access rules.
struct HostFile: Sendable {
    /// What tells one state of a file from another; two missing files are alike.
    struct Stamp: Equatable, Sendable {
        /// Whether the file was there.
        var isThere = false
        var device: UInt64 = 0
        var inode: UInt64 = 0
        var size: Int64 = 0
        /// Nanoseconds since 1970.
        var modifiedAt: Int64 = 0
        var changedAt: Int64 = 0
    }

    /// A file that was changed within so many seconds may change again without showing it.
    private static let settledSeconds: Int64 = 2
    /// More than this of a file is not read: it concerns the broker then.
    private static let byteCountMax = 1 << 20

    let path: String

    /// The state of the file as of now.
    var stamp: Stamp {
        var status = stat()
        // The path is lent as it is; as an argument it would be copied for each connection.
        guard path.withCString({ stat($0, &status) }) == 0 else { return Stamp() }
        return Stamp(
            isThere: true,
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            size: Int64(status.st_size),
            modifiedAt: Self.nanoseconds(status.st_mtim),
            changedAt: Self.nanoseconds(status.st_ctim)
        )
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }

    /// Whether a file with this stamp, taken just now, will show when it changes.
    func isSettled(_ stamp: Stamp) -> Bool {
        guard stamp.isThere else { return true }
        return Int64(time(nil)) - stamp.changedAt / 1_000_000_000 >= Self.settledSeconds
    }

    /// Reads the file: whether it has a rule that may concern the broker.
    ///
    /// What cannot be read may have one: the library says why.
    func concerns(_ daemon: String) -> Bool {
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else { return errno != ENOENT }
        let descriptor = OwnedDescriptor(opened)
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 14)
        while text.count < Self.byteCountMax {
            let size = piece.count
            let count = retryingInterrupts { read(descriptor.rawValue, &piece, size) }
            if count < 0 { return true }
            if count == 0 { return HostRules.mayConcern(daemon, text) }
            text += piece[..<count]
        }
        return true
    }
}
