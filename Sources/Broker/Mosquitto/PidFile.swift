// SPDX-License-Identifier: Apache-2.0
// The file that holds the process id while the broker runs.

import Config
import Glibc
import SafeFiles

/// The file that holds the process id while the broker runs: decimal, without line feed.
///
/// It is written when the listeners are open, so that a second start that finds its ports taken
/// leaves the file of the first alone.
final class PidFile {
    /// Where it is; nil if none is wanted.
    private let path: String?
    /// What an error line ends in.
    private let mention: String
    private var isWritten = false

    /// Makes sure that the file can be written, and leaves what is there.
    init(_ configuration: Configuration) throws(StartError) {
        path = configuration.pidFile
        mention = configuration.places.mention("pid_file", in: .general)
        if let path, let error = Self.obstacle(at: path) { throw failure(error) }
    }

    deinit { if isWritten, let path, Self.holder(of: path) == getpid() { _ = unlink(path) } }

    /// Writes the file, replacing what is there; it goes with its owner unless somebody else has
    /// written it meanwhile.
    func write() throws(StartError) {
        assert(!isWritten, "a process has one pid file")
        guard let path else { return }
        let text = Array(String(getpid()).utf8)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(FileError("open", path)) }
        defer { _ = close(descriptor) }
        guard Glibc.write(descriptor, text, text.count) == text.count else {
            throw failure(FileError("write", path))
        }
        isWritten = true
    }

    /// Why the file cannot be written; nil if it can.
    private static func obstacle(at path: String) -> FileError? {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor >= 0 {
            _ = close(descriptor)
            return nil
        }
        guard errno == ENOENT else { return FileError("open", path) }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        return access(folder, W_OK | X_OK) == 0 ? nil : FileError("create", path)
    }

    /// The process that a file names.
    private static func holder(of path: String) -> pid_t? {
        guard let content = try? File.read(path) else { return nil }
        return pid_t(String(decoding: content, as: UTF8.self))
    }

    private func failure(_ error: FileError) -> StartError {
        StartError(
            line: "Error: Unable to write pid file \(error.path): \(error.explanation)\(mention).",
            exitCode: 14
        )
    }
}
