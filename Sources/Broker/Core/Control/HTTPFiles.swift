// SPDX-License-Identifier: Apache-2.0
// Static files of an `http_api` listener.

import CLinux
import Glibc
import Net

/// Reads files below a directory.
enum HTTPFiles {
    /// Largest file that is served.
    private static let countMax = 16 << 20

    /// The content of the file a path names: `index.html` for directories that end with a slash.
    ///
    /// Nil when there is none, when it is no regular file, and when it lies outside the directory
    /// once all links are followed. Blocks.
    static func read(_ path: [UInt8], in directory: String) -> [UInt8]? {
        var name = directory + String(decoding: path, as: UTF8.self)
        if path.last == UInt8(ascii: "/") { name += "index.html" }
        guard let resolved = realpath(name, nil) else { return nil }
        defer { free(resolved) }
        guard String(cString: resolved).hasPrefix(directory + "/") else { return nil }
        let descriptor = open(resolved, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= countMax
        else { return nil }
        var content = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < content.count {
            let added = content.withUnsafeMutableBytes { bytes in
                retryingInterrupts {
                    Glibc.read(
                        descriptor,
                        bytes.baseAddress.map { $0 + count },
                        bytes.count - count
                    )
                }
            }
            guard added > 0 else { break }
            count += added
        }
        return [UInt8](content[..<count])
    }
}
