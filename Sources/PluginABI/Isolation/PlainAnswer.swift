// SPDX-License-Identifier: Apache-2.0
// An answer that is nothing but a code.

/// An answer that is nothing but a code: almost all are, so they have a form that is read and written as
/// four words.
///
/// ```
///  0  header of the record: 24 bytes
///  8  0 (the tag), and the code from bit 32 on
/// 16  serial of the question
/// 24  nanoseconds in the callback
/// ```
package struct PlainAnswer: Equatable, Sendable, BitwiseCopyable {
    /// The question that is answered.
    package var serial: UInt64
    /// What the callback has returned, a `MOSQ_ERR_*`.
    package var code: Int32
    /// Nanoseconds in the callback.
    package var nanoseconds: Int64

    static let tag: UInt8 = 0
    static let byteCount = 24

    package init(serial: UInt64, code: Int32, nanoseconds: Int64) {
        self.serial = serial
        self.code = code
        self.nanoseconds = nanoseconds
    }

    /// The words behind the header.
    var words: (UInt64, UInt64, UInt64) {
        (UInt64(UInt32(bitPattern: code)) << 32, serial, UInt64(bitPattern: nanoseconds))
    }

    /// Reads the words behind the header; nil for records of other kinds.
    init?(_ first: UInt64, _ serial: UInt64, _ nanoseconds: UInt64) {
        guard first & 0xFFFF_FFFF == UInt64(Self.tag) else { return nil }
        self.init(
            serial: serial,
            code: Int32(bitPattern: UInt32(truncatingIfNeeded: first >> 32)),
            nanoseconds: Int64(bitPattern: nanoseconds)
        )
    }
}
