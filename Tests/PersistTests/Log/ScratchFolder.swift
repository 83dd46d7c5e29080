// SPDX-License-Identifier: Apache-2.0
// A folder that goes when the test is over.

import Glibc

/// A folder that goes when the test is over.
final class ScratchFolder {
    let path: String

    init() {
        var template = Array("/tmp/session-log.XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/tmp"
        }
    }

    deinit {
        guard path != "/tmp", let folder = opendir(path + "/log") else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            unlink(path + "/log/" + name)
        }
        closedir(folder)
        rmdir(path + "/log")
        rmdir(path)
    }
}
