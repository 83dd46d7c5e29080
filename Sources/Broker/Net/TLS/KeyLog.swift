// SPDX-License-Identifier: Apache-2.0
// Secrets of TLS connections in a file, for those who read captured traffic.

import CLinux
import Glibc
import SafeFiles

/// Appends lines in the NSS key log format.
enum KeyLog {
    /// Appends one line.
    ///
    /// The file is opened each time, so that it may be moved away; nothing is written when anybody
    /// but the owner could read it.
    static func append(_ line: String, to path: String) {
        assert(!line.utf8.contains(UInt8(ascii: "\n")), "OpenSSL hands out one line")
        guard let descriptor = try? SensitiveFile.openForAppending(path) else { return }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else { return }
        let bytes = Array("\(line)\n".utf8)
        _ = retryingInterrupts { write(descriptor, bytes, bytes.count) }
    }
}
