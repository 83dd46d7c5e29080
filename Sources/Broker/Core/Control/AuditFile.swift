// SPDX-License-Identifier: Apache-2.0
// `audit_file`: what was changed by whom, one JSON object a line.

import Glibc
import Net
import SafeFiles
import Synchronization

/// The file of `audit_file`; nothing while there is none.
///
/// Lines are written on threads that no client waits for, each with one system call, to the end of
/// the file.
package final class AuditFile: Sendable {
    private struct State: ~Copyable {
        var path: String?
        var descriptor: OwnedDescriptor?
    }

    private let state = Mutex(State())

    package init() {}

    /// Opens the file of a configuration, or the same one anew; returns what to say if that fails.
    ///
    /// It is made for its owner alone. What could not be opened is tried again with the next line.
    package func open(_ path: String?) -> String? {
        state.withLock { state in
            state.path = path
            return Self.open(&state)
        }
    }

    /// Writes a line, all or nothing as far as the disk lets it; returns what to say if that fails.
    func write(_ line: String) -> String? {
        state.withLock { state in
            guard let path = state.path else { return nil }
            if state.descriptor == nil, let complaint = Self.open(&state) { return complaint }
            guard let number = state.descriptor?.rawValue else { return nil }
            let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
            let count = retryingInterrupts { Glibc.write(number, bytes, bytes.count) }
            guard count != bytes.count else { return nil }
            return "Error: Unable to write to audit file \(path)."
        }
    }

    private static func open(_ state: inout State) -> String? {
        state.descriptor = nil
        guard let path = state.path else { return nil }
        do throws(FileError) {
            state.descriptor = OwnedDescriptor(try SensitiveFile.openForAppending(path))
            return nil
        } catch {
            return "Error: Unable to open audit file \(path) for writing: \(error.explanation)."
        }
    }
}
