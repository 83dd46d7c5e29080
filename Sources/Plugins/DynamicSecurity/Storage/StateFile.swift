// SPDX-License-Identifier: Apache-2.0
// The state file: the original JSON format, read and written piece by piece.

import COpenSSL
import Encoding
import Glibc
import JSON
package import SafeFiles

/// A fingerprint of a state file's content.
package struct Digest: Sendable, Equatable {
    /// SHA-256 in hexadecimal.
    package let text: ByteString

    /// What stands for a file that does not exist.
    static let none = Digest(text: "none")

    /// The fingerprint of these bytes.
    init(of bytes: [UInt8]) {
        var digest = StreamingDigest()
        digest.add(bytes)
        self = digest.finish()
    }

    /// A fingerprint that was made before.
    init(text: ByteString) {
        self.text = text
    }
}

/// Makes a fingerprint of bytes that come in pieces.
struct StreamingDigest: ~Copyable {
    private let context: OpaquePointer? = EVP_MD_CTX_new()

    init() { EVP_DigestInit_ex(context, EVP_sha256(), nil) }

    deinit { EVP_MD_CTX_free(context) }

    mutating func add(_ bytes: [UInt8]) { EVP_DigestUpdate(context, bytes, bytes.count) }

    consuming func finish() -> Digest {
        var hash = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &hash, nil)
        return Digest(text: ByteString(Hexadecimal.encode(hash)))
    }
}

/// Reading and writing the state file.
package enum StateFile {
    /// What became of an attempt to read the file.
    package enum Content {
        case loaded(Model, Digest)
        case missing
        case unreadable(FileError)
        /// The line on which it ends to be JSON, from 1.
        case notJSON(line: Int)
        /// It is JSON, and another kind of value than an object.
        case notObject
    }

    // MARK: - Writing

    /// Writes the state beside the file and returns the fingerprint; the caller renames it.
    static func write(_ state: SavedState, to path: String) throws(FileError) -> Digest {
        _ = unlink(path)
        let descriptor = try File.create(path)
        defer { _ = close(descriptor) }
        var digest = StreamingDigest()
        var writer = JSONWriter(formatted: true)
        writer.bytes.reserveCapacity(pieceSize * 2)
        try write(state, with: &writer) { piece throws(FileError) in
            digest.add(piece)
            try File.write(piece, to: descriptor, path: path)
            // Piece by piece: a heap of unwritten data would hold up the fsync of the journal.
            try File.sync(descriptor, path: path)
        }
        try File.sync(descriptor, path: path)
        return digest.finish()
    }

    /// The state as one text.
    package static func text(of model: Model) -> [UInt8] {
        var writer = JSONWriter(formatted: true)
        var text: [UInt8] = []
        write(SavedState(model), with: &writer) { text += $0 }
        return text
    }

    private static let pieceSize = 512 * 1_024

    private static func write<Failure: Error>(
        _ state: SavedState,
        with writer: inout JSONWriter,
        flush: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        func flushIfLarge() throws(Failure) {
            guard writer.bytes.count > pieceSize else { return }
            try flush(writer.bytes)
            writer.bytes.removeAll(keepingCapacity: true)
        }
        writer.beginObject()
        writer.key("changeIndex")
        writer.integer(state.changeIndex)
        writer.key("defaultACLAccess")
        writer.defaults(state.defaults)
        writer.key("clients")
        writer.beginArray()
        let clientNames = state.clients.keys.sorted()
        for name in clientNames {
            if let client = state.clients[name] { writer.savedClient(client, withGroups: false) }
            try flushIfLarge()
        }
        writer.endArray()
        writer.key("groups")
        writer.beginArray()
        let members = state.members(amongSorted: clientNames)
        for name in state.groups.keys.sorted() {
            guard let group = state.groups[name] else { continue }
            writer.savedGroup(group, members: members[name] ?? [])
            try flushIfLarge()
        }
        writer.endArray()
        writer.optional("anonymousGroup", state.anonymousGroup)
        writer.key("roles")
        writer.beginArray()
        for name in state.roles.keys.sorted() {
            if let role = state.roles[name] { writer.role(role, withExtra: true) }
            try flushIfLarge()
        }
        writer.endArray()
        writer.extra(state.extra)
        writer.endObject()
        try flush(writer.bytes)
    }

    // MARK: - Reading

    /// Reads the file.
    package static func read(_ path: String) -> Content {
        let bytes: [UInt8]
        do {
            bytes = try File.read(path)
        } catch {
            return error.code == ENOENT ? .missing : .unreadable(error)
        }
        guard let model = parse(bytes) else {
            return .notJSON(line: bytes.withUnsafeBufferPointer { JSONDocument.lastLine(of: $0) })
        }
        let first = bytes.first { $0 > 0x20 }
        guard bytes.isEmpty || first == UInt8(ascii: "{") else { return .notObject }
        return .loaded(model, Digest(of: bytes))
    }

    /// Why a file cannot be used, in the words of the log, and its place; nil if it can be, or is missing.
    package static func fault(
        of content: Content,
        at path: String
    ) -> (text: String, place: String)? {
        switch content {
        case .loaded, .missing: nil
        case .unreadable(let error) where error.code == EACCES:
            ("File is not readable - check permissions.", "\(path), \(error.explanation)")
        case .unreadable(let error): ("\(error.reason).", path)
        case .notJSON(let line): ("File is not valid JSON.", "\(path), line \(line)")
        case .notObject: ("File is not a JSON object.", path)
        }
    }

    /// The state in a text; nil when it is not JSON.
    ///
    /// No bytes at all are an empty state.
    package static func parse(_ text: [UInt8]) -> Model? {
        if text.isEmpty { return Model() }
        return text.withUnsafeBufferPointer { bytes in
            guard let members = JSONOutline.members(of: bytes) else {
                // Not an object: an empty state if it is JSON at all.
                return JSONDocument(parsing: bytes).map { _ in Model() }
            }
            var loader = StateLoader()
            return loader.load(members)
        }
    }
}
