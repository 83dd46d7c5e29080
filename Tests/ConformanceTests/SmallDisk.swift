// SPDX-License-Identifier: Apache-2.0
// A file system so small that it is soon full.

import Foundation
import Glibc
import TestSupport

/// A small file system of its own, as long as this object lives.
final class SmallDisk {
    let path: String

    /// Whether this process may mount one.
    static let isAllowed: Bool = { (try? SmallDisk(megabytes: 1)) != nil }()

    init(megabytes: Int) throws {
        path = try Broker.makeDirectory()
        guard mount("none", path, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            let code = errno
            rmdir(path)
            throw Mismatch("mount: errno \(code)")
        }
    }

    deinit {
        umount2(path, CInt(MNT_DETACH))
        rmdir(path)
    }

    private var ballast: String { path + "/ballast" }

    /// Takes all room there is but so many bytes.
    func fill(leaving rest: Int) throws {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw Mismatch("statvfs: errno \(errno)") }
        let count = Int(status.f_bavail) * Int(status.f_bsize) - rest
        let bytes = Data(repeating: 0, count: max(0, count))
        try bytes.write(to: URL(fileURLWithPath: ballast))
    }

    /// Makes room again.
    func empty() { unlink(ballast) }
}
