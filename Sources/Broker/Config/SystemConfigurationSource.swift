// SPDX-License-Identifier: Apache-2.0
// Configuration files as the system has them.

import CLinux
import Glibc

/// The real system.
package struct SystemConfigurationSource: ConfigurationSource {
    /// Makes the source.
    package init() {}

    /// Reads a file whole; it may be a link and have any permissions.
    package func contents(of path: String) -> ConfigurationFileContents {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .unreadable }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return .unreadable }
        guard status.st_mode & S_IFMT != S_IFDIR else { return .directory }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count > 0 {
                bytes.append(contentsOf: chunk[..<count])
            } else if count == 0 {
                return .bytes(bytes)
            } else if errno != EINTR {
                return .unreadable
            }
        }
    }

    /// The names in a directory, as the system lists them.
    package func entries(ofDirectory path: String) -> [String]? {
        guard let directory = opendir(path) else { return nil }
        defer { _ = closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(name)
        }
        return names
    }

    /// The absolute path of a directory without links.
    package func canonicalPath(ofDirectory path: String) -> DirectoryPath {
        guard let resolved = realpath(path, nil) else { return failure(errno) }
        defer { free(resolved) }
        var status = stat()
        guard stat(resolved, &status) == 0 else { return failure(errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return failure(ENOTDIR) }
        return .absolute(String(cString: resolved))
    }

    private func failure(_ code: CInt) -> DirectoryPath {
        .failure(String(cString: strerror(code)))
    }

    /// Why a host name cannot be resolved.
    package func resolutionFailure(of host: String) -> String? {
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, nil, nil, &list)
        guard result == 0 else { return String(cString: gai_strerror(result)) }
        freeaddrinfo(list)
        return nil
    }

    /// The name of this machine.
    package var hostName: String {
        var buffer = [CChar](repeating: 0, count: 257)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }
}
