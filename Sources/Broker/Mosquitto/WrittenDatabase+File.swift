// SPDX-License-Identifier: Apache-2.0
// What a snapshot database is known by.

import Glibc
import Persist

extension WrittenDatabase {
    /// Reads what the file `path` is known by; nil when there is none.
    ///
    /// `known` is returned, and nothing read, when the file has its length and stamp.
    static func read(
        _ path: String,
        unless known: WrittenDatabase? = nil
    ) throws(LogFileError) -> WrittenDatabase? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw LogFileError("open", path)
        }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw LogFileError("stat", path) }
        let time = status.st_mtim
        let stamp = FileStamp(
            inode: UInt64(status.st_ino),
            modifiedAt: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
        )
        if let known, known.stamp == stamp, known.length == UInt64(max(status.st_size, 0)) {
            return known
        }
        var checksum = CRC32C()
        var length: UInt64 = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = buffer.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw LogFileError("read", path) }
            if count == 0 {
                return WrittenDatabase(length: length, checksum: checksum.value, stamp: stamp)
            }
            length += UInt64(count)
            buffer.withUnsafeBytes { bytes in
                checksum.update(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            }
        }
    }
}
