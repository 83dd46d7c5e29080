// SPDX-License-Identifier: Apache-2.0
// Goes over the bytes of a file and hands on what it holds.

import Glibc
import Inflight
import MQTT

/// Reads a `mosquitto.db` of any version, front to back, in one pass.
///
/// Memory: one buffer, which has room for the largest chunk that is there. Whatever the bytes, the
/// end is a whole pass or an error with its place.
package struct DatabaseReader: ~Copyable {
    private var input: DatabaseInput
    private var decoder = DatabaseDecoder(version: DatabaseFormat.version)
    private let acceptsNewer: Bool

    /// Reads from wherever the bytes come from.
    ///
    /// With `acceptsNewer` a version that is not known yet is read like the last one that is, for who
    /// wants to see what can be seen.
    package init(
        bufferByteCount: Int = 256 * 1024,
        acceptsNewer: Bool = false,
        source: @escaping DatabaseSource
    ) {
        input = DatabaseInput(bufferByteCount: bufferByteCount, source: source)
        self.acceptsNewer = acceptsNewer
    }

    /// Reads from an open file, which stays open and must do so until the end.
    package init(descriptor: CInt, acceptsNewer: Bool = false) {
        self.init(acceptsNewer: acceptsNewer) { buffer in
            while true {
                let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                if count != -1 || errno != EINTR { return count }
            }
        }
    }

    /// Reads all of it; to be called once.
    package mutating func read(
        into receiver: inout some DatabaseReceiver
    ) throws(DatabaseReadError) {
        guard let version = try readHeader() else { return receiver.receive(.emptyFile) }
        decoder = DatabaseDecoder(version: version)
        receiver.begin(version: version)
        while let chunk = try nextChunk() {
            do throws(DatabaseReadError.Reason) {
                try read(chunk, into: &receiver)
            } catch {
                throw DatabaseReadError(reason: error, kind: chunk.kind, offset: chunk.offset)
            }
        }
    }

    /// The version; nil when the file is empty.
    private mutating func readHeader() throws(DatabaseReadError) -> UInt32? {
        let magicCount = DatabaseFormat.magic.count
        guard try fill(magicCount) else {
            guard input.available > 0 else { return nil }
            throw error(.endsEarly)
        }
        guard input.buffer.starts(with: DatabaseFormat.magic) else {
            throw error(.unrecognisedFormat)
        }
        guard try fill(DatabaseFormat.headerByteCount) else { throw error(.endsEarly) }
        let version = input.fourBytes(at: magicCount + 4)
        guard
            DatabaseFormat.readableVersions.contains(version)
                || acceptsNewer && version > DatabaseFormat.version
        else {
            throw error(.unsupportedVersion(version))
        }
        input.advance(DatabaseFormat.headerByteCount)
        return version
    }

    /// The head of the next chunk; nil when the file is over, were it in the middle of the head.
    private mutating func nextChunk() throws(DatabaseReadError) -> DatabaseChunk? {
        let typeCount = DatabaseFormat.hasStructures(decoder.version) ? 4 : 2
        guard try fill(typeCount + 4) else { return nil }
        let chunk = DatabaseChunk(
            type: typeCount == 4 ? input.fourBytes(at: 0) : UInt32(input.twoBytes(at: 0)),
            byteCount: input.fourBytes(at: typeCount),
            offset: input.offset
        )
        input.advance(typeCount + 4)
        return chunk
    }

    private mutating func read(
        _ chunk: DatabaseChunk,
        into receiver: inout some DatabaseReceiver
    ) throws(DatabaseReadError.Reason) {
        guard let kind = chunk.kind else {
            receiver.receive(.unsupportedChunk(chunk.type))
            return try input.skip(UInt64(chunk.byteCount))
        }
        let count: Int
        if DatabaseFormat.hasStructures(decoder.version) {
            count = Int(chunk.byteCount)
            guard count <= DatabaseFormat.bodyByteCountMax else { throw .tooLong }
            guard try input.fill(count) else { throw .endsEarly }
        } else {
            count = try input.fill(DatabaseField.layout(of: kind, version: decoder.version))
        }
        receiver.willReceive(chunk)
        let isWhole = try decoder.hand(kind, of: input, count, to: &receiver)
        if !isWhole { receiver.receive(.invalidText(kind, offset: chunk.offset)) }
        input.advance(count)
    }

    private mutating func fill(_ count: Int) throws(DatabaseReadError) -> Bool {
        do throws(DatabaseReadError.Reason) {
            return try input.fill(count)
        } catch {
            throw self.error(error)
        }
    }

    private func error(_ reason: DatabaseReadError.Reason) -> DatabaseReadError {
        // What is missing is behind what is there.
        let isMissing = reason == .endsEarly
        return DatabaseReadError(
            reason: reason,
            kind: nil,
            offset: input.offset + (isMissing ? UInt64(input.available) : 0)
        )
    }
}
