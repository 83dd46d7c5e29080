// SPDX-License-Identifier: Apache-2.0
// Records of an established TLS 1.3 connection.

import COpenSSL
import Glibc

/// Protects the records of a connection whose handshake OpenSSL has made (RFC 8446 section 5).
///
/// OpenSSL's objects take 14 KB per connection, most of it for handshakes to come; after one, two
/// keys and two counters are all that is needed. The ciphers are OpenSSL's, in contexts that the
/// connections of a thread share.
///
/// ```
/// 23 3 3 length │ protected: content, type of the content, zeros │ tag
/// ```
///
/// What a client may still send is data, alerts and KeyUpdate; anything else is answered with an
/// alert and ends the connection.
final class TLSRecords {
    /// Types of content.
    private enum Content {
        static let alert: UInt8 = 21
        static let handshake: UInt8 = 22
        static let data: UInt8 = 23
    }

    /// Descriptions of alerts (RFC 8446 section 6).
    private enum Alert {
        static let closeNotify: UInt8 = 0
        static let unexpectedMessage: UInt8 = 10
        static let badRecordMAC: UInt8 = 20
        static let recordOverflow: UInt8 = 22
        static let decodeError: UInt8 = 50
        static let internalError: UInt8 = 80
        static let userCanceled: UInt8 = 90
    }

    /// What was in a record.
    private enum Opened {
        case data(Int)
        case alert(UInt8)
        case keyUpdate(isRequested: Bool)
        case failed(UInt8)
    }

    private static let headerCount = 5
    private static let contentCountMax = 16384
    /// The type and up to 255 bytes of tag and padding.
    private static let protectedCountMax = contentCountMax + 256
    /// Records without data one after the other; each costs work and brings nothing.
    private static let emptyRecordsMax = 32
    private static let keyUpdateType: UInt8 = 24

    private var reading: TrafficKeys
    private var writing: TrafficKeys
    /// The beginning of a record whose end has not arrived.
    private var partial = UnsafeInputRemainder()
    private var emptyRecords = 0

    /// Goes on where a handshake has ended, after which the broker has sent `sentRecords` records;
    /// nil when OpenSSL refuses.
    init?(
        _ suite: RecordSuite,
        _ secrets: TrafficSecrets,
        sentRecords: UInt64,
        _ ciphers: RecordCiphers
    ) {
        guard
            let reading = TrafficKeys(suite, secret: secrets.client, nextRecord: 0, ciphers),
            let writing = TrafficKeys(
                suite,
                secret: secrets.server,
                nextRecord: sentRecords,
                ciphers
            )
        else { return nil }
        self.reading = reading
        self.writing = writing
    }

    deinit {
        reading.clear()
        writing.clear()
        partial.clear()
    }

    /// The number of protected records that `bytes` are; nil when they are anything else.
    static func count(in bytes: UnsafeRawBufferPointer) -> UInt64? {
        var rest = bytes
        var count: UInt64 = 0
        while !rest.isEmpty {
            let length = recordCount(rest)
            guard rest[0] == Content.data, length > headerCount, length <= rest.count else {
                return nil
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[length...])
            count += 1
        }
        return count
    }

    // MARK: In

    /// Decrypts the pipe's input to its plaintext buffer behind `offset` bytes; `count` grows by
    /// what came out.
    ///
    /// Answers go to the pipe's output.
    func open(_ pipe: TLSPipe, after offset: Int, count: inout Int) -> TLSSession.Received {
        while let record = nextRecord(pipe) {
            let room = UnsafeMutableRawBufferPointer(
                rebasing: pipe.plaintext[(offset + count)...]
            )
            let opened = open(record, into: room, pipe.ciphers)
            if record.baseAddress == partial.bytes.baseAddress { partial.clear() }
            switch opened {
            case .data(let added):
                count += added
                if let end = noteRecord(isEmpty: added == 0, pipe) { return end }
            case .keyUpdate(let isRequested):
                if let end = updateKeys(isRequested, pipe) ?? noteRecord(isEmpty: true, pipe) {
                    return end
                }
            case .alert(Alert.closeNotify): return .closed
            case .alert(Alert.userCanceled):
                if let end = noteRecord(isEmpty: true, pipe) { return end }
            case .alert(let description):
                return .failed("alert from the client: \(Self.text(description))")
            case .failed(let description): return fail(description, pipe)
            }
        }
        return .open
    }

    /// The next whole record, taken off the input; nil when there is none, and then the input is
    /// used up.
    ///
    /// Lies in the input or is all of `partial`. One with a header that cannot be is given out as it
    /// is.
    private func nextRecord(_ pipe: TLSPipe) -> UnsafeRawBufferPointer? {
        if partial.count == 0 {
            let input = pipe.input
            let needed = Self.recordCount(input)
            guard input.count >= needed else {
                partial.replace(with: input)
                pipe.input = UnsafeRawBufferPointer(rebasing: input[input.count...])
                return nil
            }
            pipe.input = UnsafeRawBufferPointer(rebasing: input[needed...])
            return UnsafeRawBufferPointer(rebasing: input[..<needed])
        }
        while case let missing = Self.recordCount(partial.bytes) - partial.count, missing > 0 {
            let input = pipe.input
            guard !input.isEmpty else { return nil }
            let taken = UnsafeRawBufferPointer(rebasing: input[..<min(missing, input.count)])
            partial.reserve(taken.count).copyMemory(from: taken)
            partial.commit(taken.count)
            pipe.input = UnsafeRawBufferPointer(rebasing: input[taken.count...])
        }
        return partial.bytes
    }

    /// Bytes of the record that begins here, as far as can be told; never more than the longest.
    private static func recordCount(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count >= headerCount else { return headerCount }
        let length = Int(bytes[3]) << 8 | Int(bytes[4])
        return bytes[0] == Content.data && length <= protectedCountMax
            ? headerCount + length : headerCount
    }

    private func open(
        _ record: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer,
        _ ciphers: RecordCiphers
    ) -> Opened {
        guard record[0] == Content.data else { return .failed(Alert.unexpectedMessage) }
        let length = Int(record[3]) << 8 | Int(record[4])
        guard length <= Self.protectedCountMax else { return .failed(Alert.recordOverflow) }
        let count = length - RecordSuite.tagCount
        guard count > 0, count <= target.count else { return .failed(Alert.badRecordMAC) }
        guard decrypt(record, count, into: target, ciphers) else {
            ERR_clear_error()
            return .failed(Alert.badRecordMAC)
        }
        reading.advance()
        return Self.content(UnsafeRawBufferPointer(rebasing: target[..<count]))
    }

    private func decrypt(
        _ record: UnsafeRawBufferPointer,
        _ count: Int,
        into target: UnsafeMutableRawBufferPointer,
        _ ciphers: RecordCiphers
    ) -> Bool {
        guard let cipher = ciphers.cipher(for: reading, sealing: false),
            let source = record.baseAddress?.assumingMemoryBound(to: UInt8.self),
            let target = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
        else { return false }
        let tagCount = CInt(RecordSuite.tagCount)
        let body = source + Self.headerCount
        let tag = UnsafeMutablePointer(mutating: body + count)
        var written: CInt = 0
        return EVP_DecryptUpdate(cipher, nil, &written, source, CInt(Self.headerCount)) == 1
            && EVP_DecryptUpdate(cipher, target, &written, body, CInt(count)) == 1
            && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, tagCount, tag) == 1
            && EVP_DecryptFinal_ex(cipher, target + Int(written), &written) == 1
    }

    /// What decrypted bytes are: the last that is not zero tells the type.
    private static func content(_ bytes: UnsafeRawBufferPointer) -> Opened {
        guard let end = bytes.lastIndex(where: { $0 != 0 }) else {
            return .failed(Alert.unexpectedMessage)
        }
        guard end <= contentCountMax else { return .failed(Alert.recordOverflow) }
        switch bytes[end] {
        case Content.data: return .data(end)
        case Content.alert: return end == 2 ? .alert(bytes[1]) : .failed(Alert.decodeError)
        case Content.handshake:
            guard end == 5, bytes[0] == keyUpdateType else {
                return .failed(Alert.unexpectedMessage)
            }
            guard bytes[1..<4].elementsEqual([0, 0, 1]), bytes[4] <= 1 else {
                return .failed(Alert.decodeError)
            }
            return .keyUpdate(isRequested: bytes[4] == 1)
        default: return .failed(Alert.unexpectedMessage)
        }
    }

    private func noteRecord(isEmpty: Bool, _ pipe: TLSPipe) -> TLSSession.Received? {
        emptyRecords = isEmpty ? emptyRecords + 1 : 0
        return emptyRecords > Self.emptyRecordsMax ? fail(Alert.unexpectedMessage, pipe) : nil
    }

    private func updateKeys(_ isRequested: Bool, _ pipe: TLSPipe) -> TLSSession.Received? {
        guard reading.update(pipe.ciphers) else { return fail(Alert.internalError, pipe) }
        guard isRequested else { return nil }
        let answer: [UInt8] = [Self.keyUpdateType, 0, 0, 1, 0]
        guard seal(answer, Content.handshake, pipe), writing.update(pipe.ciphers) else {
            return .failed("no new key")
        }
        return nil
    }

    private func fail(_ description: UInt8, _ pipe: TLSPipe) -> TLSSession.Received {
        _ = seal([2, description], Content.alert, pipe)
        return .failed(Self.text(description))
    }

    private static func text(_ description: UInt8) -> String {
        SSL_alert_desc_string_long(CInt(description)).map { String(cString: $0) } ?? "unknown"
    }

    // MARK: Out

    /// Encrypts all of `bytes` to the pipe's output; false when memory is out.
    func seal(_ bytes: UnsafeRawBufferPointer, _ pipe: TLSPipe) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = min(rest.count, Self.contentCountMax)
            let content = UnsafeRawBufferPointer(rebasing: rest[..<count])
            guard seal(content, type: Content.data, pipe) else { return false }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        return true
    }

    /// Says that nothing more will be sent.
    func sealEnd(_ pipe: TLSPipe) {
        _ = seal([1, Alert.closeNotify], Content.alert, pipe)
    }

    private func seal(_ content: [UInt8], _ type: UInt8, _ pipe: TLSPipe) -> Bool {
        content.withUnsafeBytes { seal($0, type: type, pipe) }
    }

    /// Writes one record.
    private func seal(_ content: UnsafeRawBufferPointer, type: UInt8, _ pipe: TLSPipe) -> Bool {
        let length = content.count + 1 + RecordSuite.tagCount
        let whole = Self.headerCount + length
        guard let target = pipe.reserveOutput(whole)?.assumingMemoryBound(to: UInt8.self),
            let source = content.baseAddress?.assumingMemoryBound(to: UInt8.self),
            let cipher = pipe.ciphers.cipher(for: writing, sealing: true)
        else { return false }
        target[0] = Content.data
        target[1] = 3
        target[2] = 3
        target[3] = UInt8(truncatingIfNeeded: length >> 8)
        target[4] = UInt8(truncatingIfNeeded: length)
        let body = target + Self.headerCount
        let tag = body + content.count + 1
        var written: CInt = 0
        var type = type
        let isSealed =
            EVP_EncryptUpdate(cipher, nil, &written, target, CInt(Self.headerCount)) == 1
            && EVP_EncryptUpdate(cipher, body, &written, source, CInt(content.count)) == 1
            && EVP_EncryptUpdate(cipher, body + content.count, &written, &type, 1) == 1
            && EVP_EncryptFinal_ex(cipher, tag, &written) == 1
            && EVP_CIPHER_CTX_ctrl(
                cipher,
                EVP_CTRL_AEAD_GET_TAG,
                CInt(RecordSuite.tagCount),
                tag
            ) == 1
        guard isSealed else {
            ERR_clear_error()
            return false
        }
        writing.advance()
        pipe.commitOutput(whole)
        return true
    }
}
