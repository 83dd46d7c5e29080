// SPDX-License-Identifier: Apache-2.0
// The header that a proxy puts in front of a connection, versions 1 and 2.

import CLinux
import Glibc

/// What a proxy says of the client it speaks for.
package struct ProxyHeader: Sendable, Equatable {
    /// What the proxy knows of the TLS connection between the client and itself.
    package struct TLS: Sendable, Equatable {
        /// Whether the client connected over TLS.
        package var isEncrypted = false
        /// Whether the client showed a certificate, at least once in its TLS session.
        package var hasCertificate = false
        /// Whether the certificate was verified.
        package var isVerified = false
        /// The version of TLS: `TLSv1.3`.
        package var version: String?
        /// The cipher suite.
        package var cipher: String?
        /// The common name of the certificate, as bytes that nobody has checked.
        package var commonName: [UInt8]?

        /// The common name, if it is that of a certificate which the proxy has verified.
        package var provenCommonName: [UInt8]? {
            isEncrypted && hasCertificate && isVerified ? commonName : nil
        }
    }

    /// Why a connection is refused.
    package enum Failure: Error, Sendable, Equatable {
        /// The text or the lengths in it make no sense.
        case corrupt
        /// Something the broker does not accept, without a line of its own in the log.
        case invalid
        /// Came without TLS where that is required; the client's address, nil if it is the peer.
        case noTLS(PeerAddress?)
        /// Came without a certificate where that is required; the client's address, likewise.
        case noCertificate(PeerAddress?)
    }

    /// The client's address; nil when the proxy does not tell it.
    package var peer: PeerAddress?
    /// Set when the header has a TLS part.
    package var tls: TLS?
    /// Bytes of the stream the header takes.
    package var length = 0

    /// Longest version 1 header, with its line end (section 2.1).
    package static let textCountMax = 107
    /// Largest version 2 body.
    package static let bodyCountMax = 500

    /// Reads a header from the front of `bytes`; nil when it is not complete.
    package static func parse(
        _ bytes: [UInt8],
        version: Int
    ) throws(Failure) -> ProxyHeader? {
        version == 1 ? try parseText(bytes) : try parseBinary(bytes)
    }

    // MARK: Version 1

    /// Reads a text header: `PROXY TCP4 source destination port port` and a line end.
    private static func parseText(_ bytes: [UInt8]) throws(Failure) -> ProxyHeader? {
        let start = Array("PROXY ".utf8)
        guard bytes.prefix(start.count).elementsEqual(start.prefix(bytes.count)) else {
            throw .corrupt
        }
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
            guard bytes.count < textCountMax else { throw .corrupt }
            return nil
        }
        guard end < textCountMax, end > 0, bytes[end - 1] == UInt8(ascii: "\r"),
            let line = String(validating: bytes[start.count..<(end - 1)], as: UTF8.self)
        else { throw .corrupt }
        var header = ProxyHeader(length: end + 1)
        if line == "UNKNOWN" || line.hasPrefix("UNKNOWN ") { return header }
        let fields = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 5, let family = family(fields[0]),
            isAddress(fields[1], family), isAddress(fields[2], family),
            let port = number(fields[3]), number(fields[4]) != nil
        else { throw .corrupt }
        header.peer = .text(fields[1], port: port)
        return header
    }

    private static func family(_ word: String) -> CInt? {
        switch word {
        case "TCP4": AF_INET
        case "TCP6": AF_INET6
        default: nil
        }
    }

    private static func isAddress(_ text: String, _ family: CInt) -> Bool {
        var address = in6_addr()
        return inet_pton(family, text, &address) == 1
    }

    /// A port in decimal, without leading zeros.
    private static func number(_ text: String) -> UInt16? {
        guard text.utf8.count <= 5, text.utf8.first != 48, text.utf8.allSatisfy({ 48...57 ~= $0 }),
            let port = UInt16(text), port > 0
        else { return nil }
        return port
    }

    // MARK: Version 2

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    /// Reads a binary header.
    ///
    /// ```
    /// signature, 12 | version 2, command | family, protocol | length, 2 | addresses | TLVs
    /// ```
    private static func parseBinary(_ bytes: [UInt8]) throws(Failure) -> ProxyHeader? {
        let known = min(bytes.count, signature.count)
        guard bytes.prefix(known).elementsEqual(signature.prefix(known)) else { throw .invalid }
        guard bytes.count >= 16 else { return nil }
        let (version, command, family) = (bytes[12] >> 4, bytes[12] & 15, bytes[13])
        guard version == 2, command <= 1 else { throw .invalid }
        let count = Int(bytes[14]) << 8 | Int(bytes[15])
        guard count <= bodyCountMax else { throw .invalid }
        guard family != 0 || command == local else { throw .invalid }
        guard bytes.count >= 16 + count else { return nil }
        // The proxy speaks for itself, to see whether somebody is there: whatever follows is void.
        if command == local { return ProxyHeader(length: 16 + count) }
        let body = bytes[16..<(16 + count)]
        let (peer, used) = try address(family, body)
        var header = ProxyHeader(peer: peer, length: 16 + count)
        let entries = try entries(body.dropFirst(used))
        try check(entries, of: bytes.prefix(16 + count))
        header.tls = try tls(entries)
        return header
    }

    /// The command of a connection that the proxy makes for itself.
    private static let local: UInt8 = 0

    /// Compares the checksum, if the header has one.
    private static func check(
        _ entries: [(UInt8, ArraySlice<UInt8>)],
        of header: ArraySlice<UInt8>
    ) throws(Failure) {
        for (type, value) in entries where type == 0x03 {
            guard value.count == 4 else { throw .corrupt }
            let told = value.reduce(0) { $0 << 8 | UInt32($1) }
            guard told == ProxyChecksum.value(of: header, withoutFourAt: value.startIndex) else {
                throw .corrupt
            }
        }
    }

    /// The client's address and how many bytes the address block takes.
    private static func address(
        _ family: UInt8,
        _ body: ArraySlice<UInt8>
    ) throws(Failure) -> (PeerAddress, Int) {
        let start = body.startIndex
        func number(_ offset: Int) -> UInt16 {
            UInt16(body[start + offset]) << 8 | UInt16(body[start + offset + 1])
        }
        switch family {
        case 0x11:
            guard body.count >= 12 else { throw .invalid }
            let address = body.prefix(4).withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
            return (.ipv4(address, port: number(8)), 12)
        case 0x21:
            guard body.count >= 36 else { throw .invalid }
            let (high, low) = body.prefix(16).withUnsafeBytes {
                (
                    $0.loadUnaligned(as: UInt64.self),
                    $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                )
            }
            return (.ipv6(high, low, port: number(32)), 36)
        case 0x31:
            // Some senders give the client's path alone, without filling up the two fields.
            guard !body.isEmpty else { throw .invalid }
            let path = body.prefix(108).prefix { $0 != 0 }
            return (.unix(path: String(decoding: path, as: UTF8.self)), min(body.count, 216))
        default: throw .invalid
        }
    }

    /// The TLS part among the type-length-value entries.
    private static func tls(_ entries: [(UInt8, ArraySlice<UInt8>)]) throws(Failure) -> TLS? {
        var result: TLS?
        for (type, value) in entries where type == 0x20 {
            guard value.count >= 5 else { throw .corrupt }
            let flags = value[value.startIndex]
            var tls = TLS(isEncrypted: flags & 1 != 0, hasCertificate: flags & 4 != 0)
            tls.isVerified = value.dropFirst().prefix(4).allSatisfy { $0 == 0 }
            for (type, value) in try Self.entries(value.dropFirst(5)) {
                switch type {
                case 0x21: tls.version = String(decoding: value, as: UTF8.self)
                case 0x22: tls.commonName = Array(value)
                case 0x23: tls.cipher = String(decoding: value, as: UTF8.self)
                default: break
                }
            }
            result = tls
        }
        return result
    }

    private static func entries(
        _ bytes: ArraySlice<UInt8>
    ) throws(Failure) -> [(UInt8, ArraySlice<UInt8>)] {
        var rest = bytes
        var result: [(UInt8, ArraySlice<UInt8>)] = []
        while !rest.isEmpty {
            guard rest.count >= 3 else { throw .corrupt }
            let start = rest.startIndex
            let count = Int(rest[start + 1]) << 8 | Int(rest[start + 2])
            guard rest.count >= 3 + count else { throw .corrupt }
            result.append((rest[start], rest[(start + 3)..<(start + 3 + count)]))
            rest = rest.dropFirst(3 + count)
        }
        return result
    }
}
