// SPDX-License-Identifier: Apache-2.0
// The file operations the log needs, apart from who does them.

/// The files of one log; tests have their own, which record, fail and forget.
package protocol LogFiles: Sendable {
    /// Makes the folder if it is not there, for its owner alone, and locks it again if need be; its
    /// name is on the disk when this returns. That another broker has locked it is an error.
    func makeFolder() throws(LogFileError)
    /// The names in the folder, in no order; none if there is no folder.
    func names() throws(LogFileError) -> [String]
    /// All bytes of a file, at most 16 EiB.
    func read(_ name: String) throws(LogFileError) -> LogBytes
    /// Makes a file that must not be there yet.
    func create(_ name: String) throws(LogFileError) -> any LogFile
    /// Waits until all of a file is on the disk, whoever has written it.
    func sync(_ name: String) throws(LogFileError)
    /// Removes a file; one that is not there is no error.
    func remove(_ name: String) throws(LogFileError)
    /// Waits until the folder's names are on the disk.
    func syncFolder() throws(LogFileError)
}

/// A file that is being written; closed when nobody has it any more.
package protocol LogFile: AnyObject, Sendable {
    /// Writes all pieces behind what is there, or throws with any part of them written.
    func append(_ pieces: [UnsafeRawBufferPointer]) throws(LogFileError)
    /// Waits until what was written is on the disk.
    func sync() throws(LogFileError)
    /// Whether the file is not the one of its name any more, or the folder's lock is gone: somebody
    /// has removed or moved them.
    func isRemoved() -> Bool
}
