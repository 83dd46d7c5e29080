// SPDX-License-Identifier: Apache-2.0
// The file of pre-shared keys, as docs/tls.md describes it.

import Encoding
import Log
import Net
import SafeFiles

/// Identities and their keys, read once from lines `identity:hexadecimal key`.
struct PSKFile: Sendable {
    private var keys: [[UInt8]: [UInt8]] = [:]

    private static let lengthMax = 65_535

    /// Reads a file.
    ///
    /// Lines that cannot be used are logged and skipped, but a key that is no hexadecimal number is
    /// an error. `mention` is what an error line ends in.
    init(path: String, mention: String, log: Log) throws(TransportSetupError) {
        let content: [UInt8]
        do throws(FileError) {
            content = try SensitiveFile.read(path, warn: { log.warning($0) })
        } catch {
            throw TransportSetupError(
                lines: [
                    "Error: Unable to open pwfile \"\(path)\".",
                    "Error opening psk file \"\(path)\": \(error.explanation)\(mention).",
                ],
                exitCode: 13
            )
        }
        try self.init(parsing: content, path: path, mention: mention) { log.notice($0) }
    }

    /// Reads the content of a file; `remark` gets the lines about what is skipped.
    init(
        parsing content: [UInt8],
        path: String,
        mention: String = "",
        remark: (String) -> Void
    ) throws(TransportSetupError) {
        let lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated()
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
            guard let key = Hexadecimal.decode(fields[1], allowsOddCount: true) else {
                throw TransportSetupError(
                    lines: [
                        "Error: psk for identity \"\(name)\" contains non-hexadecimal characters.",
                        "Error opening psk file \"\(path)\": line \(index + 1)\(mention).",
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

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace = { (byte: UInt8) in byte == 32 || (9...13).contains(byte) }
        guard let end = bytes.lastIndex(where: { !isSpace($0) }) else { return [] }
        return bytes[...end].drop(while: isSpace)
    }
}
