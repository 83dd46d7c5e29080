// SPDX-License-Identifier: Apache-2.0
// Standard output, written in large pieces.

import Glibc

/// Text on its way to standard output, in large pieces.
struct DumpOutput {
    private static let pieceByteCount = 64 << 10
    private var bytes: [UInt8] = []

    /// Appends text.
    mutating func put(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        if bytes.count >= Self.pieceByteCount { flush() }
    }

    /// Appends bytes as they are.
    mutating func put(_ span: RawSpan) {
        span.withUnsafeBytes { bytes.append(contentsOf: $0) }
        if bytes.count >= Self.pieceByteCount { flush() }
    }

    /// Appends bytes as they are.
    mutating func put(_ text: [UInt8]) {
        bytes.append(contentsOf: text)
        if bytes.count >= Self.pieceByteCount { flush() }
    }

    /// Writes what is there; a reader that has gone is no error worth a message.
    mutating func flush() {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0 {
                guard errno == EINTR else { break }
                continue
            }
            rest = rest.dropFirst(count)
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
