// SPDX-License-Identifier: Apache-2.0
// The file of pre-shared keys, as docs/tls.md describes it.

import Glibc
import Log
import Net

/// Identities and their keys, read once from lines `identity:hexadecimal key`.
struct PSKFile: Sendable {
    private var keys: [[UInt8]: [UInt8]] = [:]

    private static let lengthMax = 65_535

    /// Reads a file.
    ///
    /// Lines that cannot be used are logged and skipped, but a key that is no hexadecimal number is
    /// an error.
    init(path: String, log: Log) throws(TransportSetupError) {
        guard let content = Self.read(path, log) else {
            throw TransportSetupError(
                lines: [
                    "Error: Unable to open pwfile \"\(path)\".",
                    "Error opening psk file \"\(path)\".",
                ],
                exitCode: 13
            )
        }
        try self.init(parsing: content, path: path) { log.notice($0) }
    }

    /// Reads the content of a file; `remark` gets the lines about what is skipped.
    init(
        parsing content: [UInt8],
        path: String,
        remark: (String) -> Void
    ) throws(TransportSetupError) {
        for line in content.split(separator: UInt8(ascii: "\n"))
        where line.first != UInt8(ascii: "#") && line.contains(UInt8(ascii: ":")) {
            let fields = line.split(separator: UInt8(ascii: ":")).map(Self.trimmed)
            let identity = fields.first ?? []
            let name = String(decoding: identity, as: UTF8.self)
            guard !identity.isEmpty, identity.count <= Self.lengthMax, fields.count > 1,
                !fields[1].isEmpty
            else {
                remark("Warning: Invalid line in psk file '\(path)': \(name)")
                continue
            }
            guard keys[Array(identity)] == nil else {
                remark("Error: Duplicate user '\(name)' in password file '\(path)', ignoring.")
                continue
            }
            guard let key = Self.bytes(hexadecimal: fields[1]) else {
                throw TransportSetupError(
                    lines: [
                        "Error: psk for identity \"\(name)\" contains non-hexadecimal characters.",
                        "Error opening psk file \"\(path)\".",
                    ],
                    exitCode: 3
                )
            }
            keys[Array(identity)] = key
        }
    }

    /// The key of an identity; unknown ones end the handshake.
    func key(of identity: String) -> PSKAnswer {
        keys[Array(identity.utf8)].map { .key($0) } ?? .unknown
    }

    /// The bytes of hexadecimal digits; a first digit on its own is a byte.
    private static func bytes(hexadecimal digits: ArraySlice<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8? = digits.count % 2 == 0 ? nil : 0
        for digit in digits {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue else { return nil }
            if let first = high {
                bytes.append(first << 4 | UInt8(value))
                high = nil
            } else {
                high = UInt8(value)
            }
        }
        return bytes
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace = { (byte: UInt8) in byte == 32 || (9...13).contains(byte) }
        guard let end = bytes.lastIndex(where: { !isSpace($0) }) else { return [] }
        return bytes[...end].drop(while: isSpace)
    }

    private static func read(_ path: String, _ log: Log) -> [UInt8]? {
        guard case .success(let descriptor) = SensitiveFile.openForReading(path) else { return nil }
        defer { _ = close(descriptor) }
        for line in SensitiveFile.warnings(for: descriptor, path: path) { log.warning(line) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = retryingInterrupts { Glibc.read(descriptor, &chunk, chunk.count) }
            guard count >= 0 else { return nil }
            if count == 0 { return content }
            content += chunk[..<count]
        }
    }
}
