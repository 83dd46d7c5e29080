// SPDX-License-Identifier: Apache-2.0
// A file that comes into being whole or not at all.

import Glibc
import MQTT

/// Writes bytes to a descriptor, like write(2): how many were written, or -1 with `errno` set.
package typealias DatabaseSink = (CInt, UnsafeRawBufferPointer) -> Int

/// Collects bytes in a temporary file beside its target, and in the end puts it in the target's
/// place.
///
/// The temporary file is the target's name with `.new`; it is gone unless `finish` returned. After an
/// error every further call fails with the same one.
struct DatabaseOutput: ~Copyable {
    private let path: String
    private let temporaryPath: String
    private let sink: DatabaseSink
    private let bufferByteCount: Int
    private var descriptor: CInt
    private var buffer: [UInt8] = []
    private var failure: DatabaseWriteError?
    /// Bytes that were handed in.
    private(set) var byteCount: UInt64 = 0

    init(
        path: String,
        bufferByteCount: Int,
        sink: @escaping DatabaseSink
    ) throws(DatabaseWriteError) {
        self.path = path
        self.sink = sink
        self.bufferByteCount = bufferByteCount
        temporaryPath = path + ".new"
        buffer.reserveCapacity(bufferByteCount)
        descriptor = -1
        if unlink(temporaryPath) != 0, errno != ENOENT {
            throw DatabaseWriteError(operation: .remove, subject: temporaryPath, code: errno)
        }
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        descriptor = open(temporaryPath, flags, 0o600)
        if descriptor < 0 {
            throw DatabaseWriteError(operation: .open, subject: temporaryPath, code: errno)
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        _ = close(descriptor)
        _ = unlink(temporaryPath)
    }

    // MARK: Bytes

    mutating func append(_ byte: UInt8) {
        buffer.append(byte)
        byteCount += 1
    }

    /// Appends a 16-bit number, high byte first.
    mutating func append(bigEndian number: UInt16) {
        withUnsafeBytes(of: number.bigEndian) { buffer.append(contentsOf: $0) }
        byteCount += 2
    }

    /// Appends a 32-bit number, high byte first.
    mutating func append(bigEndian number: UInt32) {
        withUnsafeBytes(of: number.bigEndian) { buffer.append(contentsOf: $0) }
        byteCount += 4
    }

    /// Appends a 64-bit number in the byte order of the machine.
    mutating func append(native number: UInt64) {
        withUnsafeBytes(of: number) { buffer.append(contentsOf: $0) }
        byteCount += 8
    }

    mutating func append(_ bytes: [UInt8]) {
        buffer.append(contentsOf: bytes)
        byteCount += UInt64(bytes.count)
    }

    mutating func append(_ text: String) {
        buffer.append(contentsOf: text.utf8)
        byteCount += UInt64(text.utf8.count)
    }

    mutating func appendZeros(_ count: Int) {
        buffer.append(contentsOf: repeatElement(0, count: count))
        byteCount += UInt64(count)
    }

    /// Appends any number of bytes; many go to the file as they are.
    mutating func append(_ bytes: RawSpan) throws(DatabaseWriteError) {
        byteCount += UInt64(bytes.byteCount)
        if bytes.byteCount < bufferByteCount / 4 {
            UnsafeLoad.append(bytes, 0..<bytes.byteCount, to: &buffer)
            return
        }
        try flush()
        try check(written(bytes))
    }

    // MARK: The file

    /// Writes what was collected if it is much; to be called after each record.
    mutating func flushIfFull() throws(DatabaseWriteError) {
        if let failure { throw failure }
        if buffer.count >= bufferByteCount { try flush() }
    }

    /// Writes what is left, syncs, and puts the file in its place.
    mutating func finish() throws(DatabaseWriteError) {
        precondition(descriptor >= 0, "a file is finished once")
        try flush()
        guard retrying({ fsync(descriptor) }) == 0 else { throw fail(.sync, errno) }
        let closing = close(descriptor)
        let code = errno
        descriptor = -1
        // Interrupted, the descriptor is closed all the same.
        guard closing == 0 || code == EINTR else { throw removing(.write, temporaryPath, code) }
        guard rename(temporaryPath, path) == 0 else { throw removing(.rename, path, errno) }
        try syncFolder()
    }

    private mutating func flush() throws(DatabaseWriteError) {
        if let failure { throw failure }
        try check(written(buffer.span.bytes))
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes all bytes; 0, or the `errno` of what failed.
    private func written(_ bytes: RawSpan) -> CInt {
        var done = 0
        while done < bytes.byteCount {
            let count = bytes.extracting(done..<bytes.byteCount).withUnsafeBytes { rest in
                retrying { sink(descriptor, rest) }
            }
            guard count >= 0 else { return errno }
            // A write of nothing would go on for ever.
            guard count > 0 else { return EIO }
            precondition(count <= bytes.byteCount - done, "no more is written than there is")
            done += count
        }
        return 0
    }

    private mutating func check(_ code: CInt) throws(DatabaseWriteError) {
        guard code == 0 else { throw fail(.write, code) }
    }

    /// Notes an error for good.
    private mutating func fail(
        _ operation: DatabaseWriteError.Operation,
        _ code: CInt
    ) -> DatabaseWriteError {
        let error = DatabaseWriteError(operation: operation, subject: temporaryPath, code: code)
        failure = error
        return error
    }

    /// Removes the temporary file, which is closed.
    private func removing(
        _ operation: DatabaseWriteError.Operation,
        _ subject: String,
        _ code: CInt
    ) -> DatabaseWriteError {
        _ = unlink(temporaryPath)
        return DatabaseWriteError(operation: operation, subject: subject, code: code)
    }

    /// Syncs the folder, so that the new name outlives a power cut.
    ///
    /// A folder that cannot be read, and a file system that has no such thing, are no errors.
    private func syncFolder() throws(DatabaseWriteError) {
        let bytes = Array(path.utf8)
        let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { $0 == 0 ? "/" : String(decoding: bytes[..<$0], as: UTF8.self) }
        let descriptor = open(folder ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { _ = close(descriptor) }
        guard retrying({ fsync(descriptor) }) != 0 else { return }
        let code = errno
        guard code != EINVAL, code != ENOTSUP, code != EROFS else { return }
        throw DatabaseWriteError(operation: .syncFolder, subject: folder ?? ".", code: code)
    }
}

/// Repeats a system call for as long as a signal interrupts it.
private func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
