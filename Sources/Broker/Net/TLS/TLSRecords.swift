// SPDX-License-Identifier: Apache-2.0
// Records of an established TLS connection.

import COpenSSL
import Glibc

/// Protects the records of a connection whose handshake OpenSSL has made (RFC 8446 section 5,
/// RFC 5246 section 6.2).
///
/// OpenSSL's objects take 14 KB per connection, most of it for handshakes to come; after one, two
/// keys and two counters are all that is needed. The ciphers are OpenSSL's, in contexts that the
/// connections of a thread share.
///
/// ```
/// 1.3:   23 3 3 length │ protected: content, type of the content, zeros │ tag
/// 1.2: type 3 3 length │ half of the nonce, for AES │ protected: content │ tag
/// ```
///
/// What a client may still send is data, alerts, KeyUpdate (1.3) and a wish to shake hands again
/// (1.2), which is declined; anything else is answered with an alert and ends the connection.
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
        static let noRenegotiation: UInt8 = 100
    }

    /// What was in a record.
    private enum Opened {
        case data(Int)
        case alert(UInt8)
        case keyUpdate(isRequested: Bool)
        case renegotiation
        /// A warning.
        case nothing
        case failed(UInt8)
    }

    private static let headerCount = 5
    private static let contentCountMax = 16384
    private static let protectedCountMax13 = contentCountMax + 256
    private static let protectedCountMax12 = contentCountMax + 2048
    private static let explicitNonceCount = 8
    /// Records without data one after the other; each costs work and brings nothing.
    private static let emptyRecordsMax = 32
    private static let keyUpdateType: UInt8 = 24
    private static let clientHelloType: UInt8 = 1

    private let isVersion13: Bool
    /// Bytes of a nonce that its record carries.
    private let nonceCount: Int
    private var reading: TrafficKeys
    private var writing: TrafficKeys
    /// The beginning of a record whose end has not arrived.
    private var partial = UnsafeInputRemainder()
    private var emptyRecords = 0

    /// Goes on where a handshake of version 1.3 has ended, after which the broker has sent
    /// `sentRecords` records; nil when OpenSSL refuses.
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
        isVersion13 = true
        nonceCount = 0
        self.reading = reading
        self.writing = writing
    }

    /// Goes on where a handshake of version 1.2 has ended; nil when OpenSSL refuses.
    init?(
        _ suite: RecordSuite,
        masterSecret: [UInt8],
        serverRandom: [UInt8],
        clientRandom: [UInt8],
        _ ciphers: RecordCiphers
    ) {
        let isAES = suite != .chacha20Poly1305
        let keyCount = suite.keyCount
        let ivCount = RecordSuite.nonceCount - (isAES ? Self.explicitNonceCount : 0)
        let function = PseudoRandomFunction(suite: suite, ciphers: ciphers)
        let seed = Array("key expansion".utf8) + serverRandom + clientRandom
        guard var block = function(masterSecret, seed, 2 * (keyCount + ivCount)) else { return nil }
        defer { block.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        let ivs = block[(2 * keyCount)...]
        isVersion13 = false
        nonceCount = isAES ? Self.explicitNonceCount : 0
        reading = TrafficKeys(suite, key: block[..<keyCount], iv: ivs.prefix(ivCount))
        writing = TrafficKeys(
            suite,
            key: block[keyCount..<(2 * keyCount)],
            iv: ivs.dropFirst(ivCount)
        )
    }

    deinit {
        reading.clear()
        writing.clear()
        partial.clear()
    }

    /// The number of protected records of version 1.3 that `bytes` are; nil when they are anything
    /// else.
    static func count(in bytes: UnsafeRawBufferPointer) -> UInt64? {
        var rest = bytes
        var count: UInt64 = 0
        while !rest.isEmpty {
            guard rest.count > headerCount, rest[0] == Content.data else { return nil }
            let length = headerCount + (Int(rest[3]) << 8 | Int(rest[4]))
            guard length > headerCount, length <= rest.count else { return nil }
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
            case .renegotiation:
                _ = seal([1, Alert.noRenegotiation], Content.alert, pipe)
                if let end = noteRecord(isEmpty: true, pipe) { return end }
            case .nothing:
                if let end = noteRecord(isEmpty: true, pipe) { return end }
            case .alert(Alert.closeNotify): return .closed
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
            let needed = recordCount(input)
            guard input.count >= needed else {
                partial.replace(with: input)
                pipe.input = UnsafeRawBufferPointer(rebasing: input[input.count...])
                return nil
            }
            pipe.input = UnsafeRawBufferPointer(rebasing: input[needed...])
            return UnsafeRawBufferPointer(rebasing: input[..<needed])
        }
        while case let missing = recordCount(partial.bytes) - partial.count, missing > 0 {
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
    private func recordCount(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count >= Self.headerCount, mayBegin(with: bytes[0]) else {
            return Self.headerCount
        }
        let length = Int(bytes[3]) << 8 | Int(bytes[4])
        return Self.headerCount + (length <= protectedCountMax ? length : 0)
    }

    private func mayBegin(with type: UInt8) -> Bool {
        switch type {
        case Content.data: true
        case Content.alert, Content.handshake: !isVersion13
        default: false
        }
    }

    private var protectedCountMax: Int {
        isVersion13 ? Self.protectedCountMax13 : Self.protectedCountMax12
    }

    private func open(
        _ record: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer,
        _ ciphers: RecordCiphers
    ) -> Opened {
        guard mayBegin(with: record[0]) else { return .failed(Alert.unexpectedMessage) }
        let length = Int(record[3]) << 8 | Int(record[4])
        guard length <= protectedCountMax else { return .failed(Alert.recordOverflow) }
        let count = length - nonceCount - RecordSuite.tagCount
        guard count >= (isVersion13 ? 1 : 0), count <= target.count else {
            return .failed(Alert.badRecordMAC)
        }
        guard decrypt(record, count, into: target, ciphers) else {
            ERR_clear_error()
            return .failed(Alert.badRecordMAC)
        }
        reading.advance()
        let content = UnsafeRawBufferPointer(rebasing: target[..<count])
        return isVersion13 ? Self.content13(content) : Self.content12(content, type: record[0])
    }

    private func decrypt(
        _ record: UnsafeRawBufferPointer,
        _ count: Int,
        into target: UnsafeMutableRawBufferPointer,
        _ ciphers: RecordCiphers
    ) -> Bool {
        let body = record.dropFirst(Self.headerCount)
        let nonce =
            nonceCount == 0 ? nil : body.prefix(nonceCount).reduce(0) { $0 << 8 | UInt64($1) }
        guard let cipher = ciphers.opener(for: reading, nonce: nonce),
            let source = record.baseAddress?.assumingMemoryBound(to: UInt8.self),
            let target = target.baseAddress?.assumingMemoryBound(to: UInt8.self),
            authenticate(source, reading.nextRecord, count, with: cipher)
        else { return false }
        let tagCount = CInt(RecordSuite.tagCount)
        let sealed = source + Self.headerCount + nonceCount
        let tag = UnsafeMutablePointer(mutating: sealed + count)
        var written: CInt = 0
        return EVP_CipherUpdate(cipher, target, &written, sealed, CInt(count)) == 1
            && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, tagCount, tag) == 1
            && EVP_CipherFinal_ex(cipher, target + Int(written), &written) == 1
    }

    /// Lets the cipher see what is protected without being hidden: the header, and in version 1.2
    /// the record's number and the length of its content in place of its own.
    private func authenticate(
        _ header: UnsafePointer<UInt8>,
        _ number: UInt64,
        _ count: Int,
        with cipher: OpaquePointer
    ) -> Bool {
        var written: CInt = 0
        if isVersion13 {
            return EVP_CipherUpdate(cipher, nil, &written, header, CInt(Self.headerCount)) == 1
        }
        var data = InlineArray<13, UInt8>(repeating: 0)
        for index in 0..<8 {
            data[7 - index] = UInt8(truncatingIfNeeded: number >> (8 * UInt64(index)))
        }
        for index in 0..<3 { data[8 + index] = header[index] }
        data[11] = UInt8(truncatingIfNeeded: count >> 8)
        data[12] = UInt8(truncatingIfNeeded: count)
        return data.span.withUnsafeBufferPointer {
            EVP_CipherUpdate(cipher, nil, &written, $0.baseAddress, CInt($0.count)) == 1
        }
    }

    /// What decrypted bytes are: in version 1.3 the last that is not zero tells the type.
    private static func content13(_ bytes: UnsafeRawBufferPointer) -> Opened {
        guard let end = bytes.lastIndex(where: { $0 != 0 }) else {
            return .failed(Alert.unexpectedMessage)
        }
        guard end <= contentCountMax else { return .failed(Alert.recordOverflow) }
        switch bytes[end] {
        case Content.data: return .data(end)
        case Content.alert:
            guard end == 2 else { return .failed(Alert.decodeError) }
            return bytes[1] == Alert.userCanceled ? .nothing : .alert(bytes[1])
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

    private static func content12(_ bytes: UnsafeRawBufferPointer, type: UInt8) -> Opened {
        guard bytes.count <= contentCountMax else { return .failed(Alert.recordOverflow) }
        switch type {
        case Content.data: return .data(bytes.count)
        case Content.alert:
            guard bytes.count == 2 else { return .failed(Alert.decodeError) }
            let isWarning = bytes[0] == 1 && bytes[1] != Alert.closeNotify
            return isWarning ? .nothing : .alert(bytes[1])
        case Content.handshake where bytes.first == clientHelloType: return .renegotiation
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
        let hidden = isVersion13 ? 1 : 0
        let length = nonceCount + content.count + hidden + RecordSuite.tagCount
        let whole = Self.headerCount + length
        guard let target = pipe.reserveOutput(whole)?.assumingMemoryBound(to: UInt8.self),
            let source = content.baseAddress?.assumingMemoryBound(to: UInt8.self),
            let cipher = pipe.ciphers.sealer(for: writing)
        else { return false }
        target[0] = isVersion13 ? Content.data : type
        target[1] = 3
        target[2] = 3
        target[3] = UInt8(truncatingIfNeeded: length >> 8)
        target[4] = UInt8(truncatingIfNeeded: length)
        let body = target + Self.headerCount + nonceCount
        for index in 0..<nonceCount {
            let shift = 8 * UInt64(index)
            body[-1 - index] = UInt8(truncatingIfNeeded: writing.nextRecord >> shift)
        }
        let tag = body + content.count + hidden
        let tagCount = CInt(RecordSuite.tagCount)
        var written: CInt = 0
        var type = type
        let isSealed =
            authenticate(target, writing.nextRecord, content.count, with: cipher)
            && EVP_CipherUpdate(cipher, body, &written, source, CInt(content.count)) == 1
            && (hidden == 0
                || EVP_CipherUpdate(cipher, body + content.count, &written, &type, 1) == 1)
            && EVP_CipherFinal_ex(cipher, tag, &written) == 1
            && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, tagCount, tag) == 1
        guard isSealed else {
            ERR_clear_error()
            return false
        }
        writing.advance()
        pipe.commitOutput(whole)
        return true
    }
}
