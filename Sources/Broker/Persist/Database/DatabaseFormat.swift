// SPDX-License-Identifier: Apache-2.0
// The numbers of the file format: magic, versions, kinds of chunks, sizes, limits.

import MQTT

/// What is fixed about `mosquitto.db`.
///
/// ```
/// | 00 B5 00 "mosquitto db" | checksum, unused: 4 | version: 4 | chunk | chunk | …
///
/// chunk, versions 5 and 6:   | type: 4 | bytes of the body: 4 | body |
/// chunk, versions 2 to 4:    | type: 2 | bytes of the body: 4 | body |
/// ```
/// Numbers are big-endian but for those of 64 bits, which have the byte order of the machine. Nothing
/// is aligned.
package enum DatabaseFormat {
    /// What every file begins with.
    static let magic: [UInt8] = [0x00, 0xB5, 0x00] + Array("mosquitto db".utf8)
    /// Bytes before the first chunk.
    static let headerByteCount = 23
    /// The version that is written.
    package static let version: UInt32 = 6
    /// The versions that are read.
    package static let readableVersions: ClosedRange<UInt32> = 2...6
    /// The size of a message's number, which the file states.
    static let numberByteCount: UInt8 = 8
    /// The most a payload has: that of the largest packet (5.0 section 1.5.5).
    package static let payloadByteCountMax = VariableByteInteger.max
    /// The most a text has, whose length is a 16-bit number.
    package static let textByteCountMax = 65_535
    /// The most the body of a known chunk has: payload, properties with their length, three texts.
    static let bodyByteCountMax = 2 * payloadByteCountMax + 4 + 3 * textByteCountMax + 32

    /// Whether chunks of a version are structures with lengths that can be relied on.
    ///
    /// Before version 5 strings carry their lengths, and what writers gave as length of the body
    /// was ignored by all readers.
    static func hasStructures(_ version: UInt32) -> Bool { version >= 5 }
}

/// The head of a chunk.
package struct DatabaseChunk: Sendable, Equatable {
    /// The type as the file has it.
    package let type: UInt32
    /// Bytes of the body as the file has it.
    package let byteCount: UInt32
    /// Where in the file the head begins.
    package let offset: UInt64

    /// What it is about; nil for a type nobody knows.
    package var kind: DatabaseChunkKind? { DatabaseChunkKind(rawValue: type) }
}
