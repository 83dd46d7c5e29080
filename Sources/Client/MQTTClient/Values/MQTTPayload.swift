// SPDX-License-Identifier: Apache-2.0
// The bytes of a message.

/// The application message: bytes, whatever they mean.
///
/// Payloads that have arrived together may share their memory: one that is to be kept for long is
/// better copied, with `Array(payload)`.
public struct MQTTPayload: Sendable, Hashable, RandomAccessCollection {
    private let bytes: ArraySlice<UInt8>

    /// Takes bytes.
    public init(_ bytes: [UInt8] = []) { self.bytes = bytes[...] }

    /// Takes the bytes of a slice, without copying them.
    public init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    /// Takes text, as UTF-8.
    public init(_ text: some StringProtocol) { bytes = Array(text.utf8)[...] }

    /// Always 0.
    public var startIndex: Int { 0 }

    /// The number of bytes.
    public var endIndex: Int { bytes.count }

    /// One byte, by its number from 0.
    public subscript(position: Int) -> UInt8 { bytes[bytes.startIndex + position] }

    /// The payload as text; what is no UTF-8 is replaced.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Calls `body` with the bytes where they are.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var outcome: Swift.Result<Result, Failure>?
        bytes.withUnsafeBytes { buffer in
            do throws(Failure) {
                outcome = .success(try body(buffer))
            } catch {
                outcome = .failure(error)
            }
        }
        guard let outcome else { preconditionFailure("the bytes are lent once") }
        return try outcome.get()
    }

    /// The bytes as an array; not copied where the payload is all of one.
    package var array: [UInt8] { Array(bytes) }
}

extension MQTTPayload: ExpressibleByStringLiteral, ExpressibleByArrayLiteral {
    /// The UTF-8 of a literal.
    public init(stringLiteral text: String) { self.init(text) }

    /// The bytes of a literal.
    public init(arrayLiteral bytes: UInt8...) { self.init(bytes) }
}

extension MQTTPayload: CustomStringConvertible {
    /// The payload as text.
    public var description: String { text }
}
