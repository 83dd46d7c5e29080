// SPDX-License-Identifier: Apache-2.0
// A folder that a test has for itself.

import Glibc

/// A fresh folder, removed with all in it when the test lets go of it.
final class TemporaryFolder {
    let path: String

    init() {
        var template = Array("/tmp/safe-files-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "there is a place for temporary files")
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for name in names { _ = unlink(self[name]) }
        _ = rmdir(path)
    }

    /// The path of a name in the folder.
    subscript(name: String) -> String { path + "/" + name }

    /// The names in the folder, sorted.
    var names: [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The permissions of a file.
    func mode(of name: String) -> UInt32 {
        var status = stat()
        return stat(self[name], &status) == 0 ? status.st_mode & 0o7777 : 0
    }
}
