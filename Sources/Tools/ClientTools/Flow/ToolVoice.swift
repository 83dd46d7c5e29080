// SPDX-License-Identifier: Apache-2.0
// What a tool prints, and where.

import Glibc

/// Standard output, which is written in large pieces, and standard error.
package final class ToolVoice {
    /// Above this many bytes what waits is written at once.
    private static let bufferMax = 65_536

    private let outputDescriptor: CInt
    private let errorDescriptor: CInt
    private let isQuiet: Bool
    /// Bytes for standard output that wait for `flush`.
    package var output: [UInt8] = []
    /// Whether standard output takes nothing any more.
    package private(set) var isBroken = false

    /// Speaks on these descriptors.
    package init(
        isQuiet: Bool,
        output outputDescriptor: CInt = STDOUT_FILENO,
        errors errorDescriptor: CInt = STDERR_FILENO
    ) {
        self.isQuiet = isQuiet
        self.outputDescriptor = outputDescriptor
        self.errorDescriptor = errorDescriptor
        output.reserveCapacity(2 * Self.bufferMax)
    }

    /// Writes what waits if it is much.
    package func flushIfLarge() {
        if output.count >= Self.bufferMax { flush() }
    }

    /// Writes what waits.
    package func flush() {
        guard !output.isEmpty else { return }
        if !isBroken { isBroken = !Self.write(output, to: outputDescriptor) }
        output.removeAll(keepingCapacity: output.capacity <= 4 * Self.bufferMax)
    }

    /// Prints a line on standard output.
    package func say(_ line: String) {
        output += line.utf8
        output.append(UInt8(ascii: "\n"))
    }

    /// Prints a line on standard error, behind all that waits for standard output, unless the user
    /// wants none.
    package func complain(_ line: String) {
        guard !isQuiet else { return }
        flush()
        _ = Self.write(Array("\(line)\n".utf8), to: errorDescriptor)
    }

    /// Writes a line that shows how far it has come on standard error, as it is.
    package func show(progress text: String) {
        _ = Self.write(Array(text.utf8), to: errorDescriptor)
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&state, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}
