// SPDX-License-Identifier: Apache-2.0
// What goes wrong when TLS is set up.

import COpenSSL

/// A TLS configuration that cannot be used; `lines` is what the log says.
package struct TLSError: Error, Equatable {
    /// The log lines: what, then OpenSSL's reasons in the order in which they arose.
    package let lines: [String]

    /// Takes OpenSSL's errors of this thread along.
    init(_ line: String) {
        lines = [line] + Self.pendingLines()
    }

    /// An error that is none of OpenSSL's.
    package init(lines: [String]) {
        self.lines = lines
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
