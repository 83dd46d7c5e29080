// SPDX-License-Identifier: Apache-2.0
// The journal's open file.

import Glibc
import SafeFiles

/// A file that is appended to and waited for, one record after the other.
///
/// ```
/// record\n record\n record\n 00 00 00 00 00 …
///                           ^ length         ^ reserved
/// ```
///
/// Behind the records lie zeros that are on the disk already. A record overwrites some of them, so that
/// waiting for it means waiting for its own bytes: no new size and no new block have to go through the
/// file system's journal, which may be busy with the state file.
struct JournalFile: Sendable {
    /// How many zeros are written at a time.
    private static let reserve = 256 * 1_024

    /// Where the file is, for messages; whoever renames it says so.
    var path: String
    private let descriptor: Int32
    /// The number of bytes known to be good.
    private(set) var length: Int
    private var reserved: Int

    private init(path: String, descriptor: Int32, length: Int) {
        self.path = path
        self.descriptor = descriptor
        self.length = length
        reserved = length
    }

    /// Opens a file, or makes it, and cuts off what is behind its records.
    init(opening path: String, length: Int) throws(FileError) {
        let descriptor = try File.openForUpdate(path)
        guard ftruncate(descriptor, length) == 0 else {
            let error = FileError("truncate", path)
            _ = Glibc.close(descriptor)
            throw error
        }
        self.init(path: path, descriptor: descriptor, length: length)
    }

    /// Makes a file with this content, on the disk when this returns, but for its name.
    init(creating path: String, content: [UInt8]) throws(FileError) {
        _ = unlink(path)
        self.init(path: path, descriptor: try File.create(path), length: 0)
        do {
            try append(content)
            try File.sync(descriptor, path: path)
        } catch {
            close()
            _ = unlink(path)
            throw error
        }
    }

    /// Closes the file, which must not be used any more.
    func close() { _ = Glibc.close(descriptor) }

    /// Puts bytes on the disk; when this throws, the file must be closed and opened anew.
    mutating func append(_ bytes: [UInt8]) throws(FileError) {
        if length + bytes.count > reserved { writeZeros(behind: bytes.count) }
        do throws(FileError) {
            try File.write(bytes, to: descriptor, at: length, path: path)
            guard fdatasync(descriptor) == 0 else { throw FileError("fsync", path) }
        } catch {
            // What reached the file must not come back after a restart.
            _ = ftruncate(descriptor, length)
            throw error
        }
        length += bytes.count
    }

    /// Makes room; without it (the disk may be nearly full) records are appended all the same.
    private mutating func writeZeros(behind count: Int) {
        // Where there was no room before, records are behind the last zero that was written.
        let start = max(reserved, length)
        let end = length + count + JournalFile.reserve
        let zeros = [UInt8](repeating: 0, count: end - start)
        do throws(FileError) {
            try File.write(zeros, to: descriptor, at: start, path: path)
            reserved = end
        } catch {
            _ = ftruncate(descriptor, start)
        }
    }

    /// The records from an offset on.
    func read(from offset: Int) throws(FileError) -> [UInt8] {
        try File.read(descriptor, from: offset, count: length - offset, path: path)
    }
}
