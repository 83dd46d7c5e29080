// SPDX-License-Identifier: Apache-2.0
// What a reader of mosquitto.db passed over.

/// What a reader passed over.
package enum DatabaseNotice: Sendable, Equatable {
    /// The file has no bytes.
    case emptyFile
    /// A chunk of a type nobody knows.
    case unsupportedChunk(UInt32)
    /// A client without identifier.
    case emptyClient
    /// A topic, filter or client identifier that cannot be one.
    case invalidText(DatabaseChunkKind, offset: UInt64)

    /// The warning, in the original's words where it has some.
    package var logLine: String {
        switch self {
        case .emptyFile: "Warning: Persistence file is empty."
        case .unsupportedChunk(let type):
            "Warning: Unsupported chunk \"\(type)\" in persistent database file. Ignoring."
        case .emptyClient:
            "Warning: Empty client entry found in persistence database, it may be corrupt."
        case .invalidText(let kind, let offset):
            "Warning: Invalid text in \(kind.name) at byte \(offset) of persistent database file. Ignoring."
        }
    }
}
