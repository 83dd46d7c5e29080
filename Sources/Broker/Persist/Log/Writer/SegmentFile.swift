// SPDX-License-Identifier: Apache-2.0
// A sync that has failed is not forgotten.

import Synchronization

/// The file of a segment, which both the writer and the thread that syncs use.
///
/// Linux tells of a failed write-back once: the next sync of the same descriptor succeeds though the
/// bytes are lost. So one sync waits for the other, and after one has failed all of them do.
final class SegmentFile: LogFile {
    private let file: any LogFile
    /// Why a sync has failed; held during a sync.
    private let failure = Mutex<LogFileError?>(nil)

    init(_ file: any LogFile) { self.file = file }

    func append(_ pieces: [UnsafeRawBufferPointer]) throws(LogFileError) {
        try file.append(pieces)
    }

    func sync() throws(LogFileError) {
        let found = failure.withLock { failure in
            if failure == nil {
                do throws(LogFileError) { try file.sync() } catch { failure = error }
            }
            return failure
        }
        if let found { throw found }
    }

    func isRemoved() -> Bool { file.isRemoved() }
}
