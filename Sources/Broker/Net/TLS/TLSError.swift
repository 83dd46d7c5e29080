// SPDX-License-Identifier: Apache-2.0
// What goes wrong when TLS is set up.

import COpenSSL
import Glibc
import SafeFiles

/// A TLS configuration that cannot be used; `lines` is what the log says.
package struct TLSError: Error, Equatable {
    /// The log lines: what, then OpenSSL's reasons in the order in which they arose.
    package let lines: [String]
    /// The option it is about, if it is one.
    package let option: String?

    /// Takes OpenSSL's errors of this thread along.
    init(_ line: String, about option: String? = nil) {
        lines = [line] + Self.pendingLines()
        self.option = option
    }

    /// A file that an option names and that could not be loaded.
    ///
    /// `reason` says why for some errors of OpenSSL, by its own words of each of them; that the file
    /// cannot be opened comes first.
    init(
        _ line: String,
        file: String,
        option: String,
        reason: (Set<String>) -> String? = { _ in nil }
    ) {
        let pending = Self.pendingLines()
        let words = Set(pending.compactMap { $0.split(separator: ":").last.map { String($0) } })
        let cause = Self.unreadable(file) ?? reason(words)
        lines = [line + (cause.map { ": \($0)." } ?? ".")] + pending
        self.option = option
    }

    /// An error that is none of OpenSSL's.
    package init(lines: [String]) {
        self.lines = lines
        option = nil
    }

    /// Why a file cannot be opened; nil if it can.
    private static func unreadable(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return FileError("open", path).explanation }
        _ = close(descriptor)
        return nil
    }

    private static func pendingLines() -> [String] {
        var lines: [String] = []
        while case let code = ERR_get_error(), code != 0 {
            lines.append("OpenSSL Error[\(lines.count)]: \(text(code))")
        }
        return lines
    }

    /// An error number in words.
    static func text(_ code: UInt) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(code, &buffer, buffer.count)
        return String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }
}
