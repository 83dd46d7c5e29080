// SPDX-License-Identifier: Apache-2.0
// Static files of an `http_api` listener.

import CLinux
import Glibc
import Net

/// An open file below the directory that is served.
///
/// Its path is that of the open file itself, found out after it was opened: a link that is replaced
/// meanwhile changes nothing of what is checked and served. Any thread; all calls block.
final class HTTPFile: Sendable {
    /// Where the file is, relative to the directory and without links.
    let path: HTTPPath
    /// Its size when it was opened.
    let byteCount: Int
    private let descriptor: OwnedDescriptor

    /// Opens the regular file that a path names; nil when there is none, and when it lies outside
    /// the directory once all links are followed.
    init?(_ path: HTTPPath, in directory: String) {
        let name = directory + String(decoding: path.topic, as: UTF8.self)
        let number = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard number >= 0 else { return nil }
        let descriptor = OwnedDescriptor(number)
        var status = stat()
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            let place = Self.path(of: number),
            let inner = Self.relative(place, to: directory)
        else { return nil }
        self.path = HTTPPath(file: inner)
        byteCount = Int(status.st_size)
        self.descriptor = descriptor
    }

    /// At most `count` bytes from `offset` on; nil where there are none.
    func read(at offset: Int, count: Int) -> [UInt8]? {
        assert(count > 0 && offset >= 0)
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let result = retryingInterrupts {
                pread(descriptor.rawValue, buffer.baseAddress, buffer.count, off_t(offset))
            }
            filled = max(result, 0)
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// The bytes of `place` behind the directory; nil when it is not inside.
    static func relative(_ place: [UInt8], to directory: String) -> ArraySlice<UInt8>? {
        var prefix = Array(directory.utf8)
        if prefix.last != UInt8(ascii: "/") { prefix.append(UInt8(ascii: "/")) }
        return place.starts(with: prefix) ? place[prefix.count...] : nil
    }

    /// Where an open file is now.
    private static func path(of descriptor: CInt) -> [UInt8]? {
        let path = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, filled in
            filled = buffer.withMemoryRebound(to: CChar.self) { text in
                guard let base = text.baseAddress else { return 0 }
                return max(readlink("/proc/self/fd/\(descriptor)", base, text.count), 0)
            }
        }
        return path.isEmpty || path.count == Int(PATH_MAX) ? nil : path
    }
}
