// SPDX-License-Identifier: Apache-2.0
// The file that holds the process id while the broker runs.

import Glibc

/// The file that holds the process id while the broker runs: decimal, without line feed.
struct PidFile {
    /// Where it is; nil if none is wanted.
    private let path: String?

    /// Writes the file, replacing what is there.
    init(path: String?) throws(StartError) {
        self.path = path
        guard let path else { return }
        let text = Array(String(getpid()).utf8)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure }
        defer { _ = close(descriptor) }
        guard write(descriptor, text, text.count) == text.count else { throw Self.failure }
    }

    /// Deletes the file.
    func remove() {
        if let path { _ = unlink(path) }
    }

    private static let failure = StartError(
        line: "Error: Unable to write pid file.",
        exitCode: 14
    )
}
