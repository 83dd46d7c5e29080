// SPDX-License-Identifier: Apache-2.0
// The state file: the original JSON format, read and written piece by piece.

import COpenSSL
import Encoding
import Glibc
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
        case notJSON
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
        guard let model = parse(bytes) else { return .notJSON }
        return .loaded(model, Digest(of: bytes))
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

/// Builds a state from the parts of a file.
///
/// The elements of the long arrays are parsed one at a time, so that memory is not needed for the
/// tree of the whole file.
private struct StateLoader {
    private var model = Model()

    mutating func load(_ members: [JSONOutline.Member]) -> Model? {
        var seen: Set<ByteString> = []
        let members = members.filter { seen.insert($0.lowercasedName).inserted }
        func extent(_ name: ByteString) -> Bytes? {
            members.first { $0.lowercasedName == name }?.value
        }
        for member in members {
            guard loadGeneral(member) else { return nil }
        }
        var roles: [Role] = []
        guard
            eachElement(
                of: extent("roles"),
                { if let role = $0.savedRole() { roles.append(role) } }
            )
        else { return nil }
        for role in roles.sorted(by: { $0.name < $1.name }) where model.roles[role.name] == nil {
            _ = model.replaceRole(role.name, with: role)
        }
        guard let memberships = loadGroups(extent("groups")),
            loadClients(extent("clients"), memberships)
        else { return nil }
        loadAnonymousGroup(extent("anonymousgroup"))
        return model
    }

    private mutating func loadGeneral(_ member: JSONOutline.Member) -> Bool {
        switch member.lowercasedName {
        case "clients", "groups", "roles": return true
        default: break
        }
        guard let document = JSONDocument(parsingExactly: member.value) else { return false }
        document.withRoot { node in
            switch member.lowercasedName {
            case "changeindex": model.changeIndex = node.wideInteger ?? 0
            case "defaultaclaccess": _ = model.replaceDefaults(with: node.savedDefaults)
            case "anonymousgroup": break
            default:
                guard let value = node.compactText else { return }
                model.extra.append(ExtraMember(name: member.name, value: value))
            }
        }
        return true
    }

    private mutating func loadGroups(_ extent: Bytes?) -> [ByteString: [Assignment]]? {
        var memberships: [ByteString: [Assignment]] = [:]
        let roles = model.roles
        var groups: [Group] = []
        var names: Set<ByteString> = []
        let isJSON = eachElement(of: extent) { node in
            guard let group = node.savedGroup(roles: roles), names.insert(group.name).inserted
            else { return }
            groups.append(group)
            for member in node["clients"]?.assignments(of: "username", known: { $0 }) ?? [] {
                memberships[member.name, default: []].append(
                    Assignment(group.name, priority: member.priority, extra: member.extra)
                )
            }
        }
        guard isJSON else { return nil }
        for group in groups.sorted(by: { $0.name < $1.name }) {
            _ = model.replaceGroup(group.name, with: group)
        }
        return memberships
    }

    private mutating func loadClients(
        _ extent: Bytes?,
        _ memberships: [ByteString: [Assignment]]
    ) -> Bool {
        let roles = model.roles
        var clients: [Client] = []
        let isJSON = eachElement(of: extent) { node in
            guard let client = node.savedClient(roles: roles, groups: [:]) else { return }
            guard let groups = memberships[client.username] else {
                clients.append(client)
                return
            }
            clients.append(client.changing { $0.groups = groups.ranked })
        }
        guard isJSON else { return false }
        let isSorted = zip(clients, clients.dropFirst()).allSatisfy { $0.username < $1.username }
        if !isSorted { clients.sort { $0.username < $1.username } }
        for client in clients where model.clients[client.username] == nil {
            _ = model.replaceClient(client.username, with: client)
        }
        return true
    }

    private mutating func loadAnonymousGroup(_ extent: Bytes?) {
        guard let extent, let document = JSONDocument(parsingExactly: extent) else { return }
        let name = document.withRoot { $0.string }
        if let name, model.groups[name] != nil { _ = model.replaceAnonymousGroup(with: name) }
    }

    /// Parses the elements of an array one by one; false when one of them is not JSON.
    private func eachElement(of extent: Bytes?, _ body: (JSONNode) -> Void) -> Bool {
        guard let extent else { return true }
        guard let elements = JSONOutline.elements(of: extent) else {
            return JSONDocument(parsingExactly: extent) != nil
        }
        for element in elements {
            guard let document = JSONDocument(parsingExactly: element) else { return false }
            document.withRoot(body)
        }
        return true
    }
}
