// SPDX-License-Identifier: Apache-2.0
// The payload of mosquitto_pub and mosquitto_rr.

import Glibc

/// Reads the payload that the options name.
enum MessageInput {
    /// The most bytes of a payload (5.0 section 2.1.4).
    static let byteCountMax = 268_435_455

    /// The payload; empty where lines are sent.
    static func payload(of source: MessageSource?) throws(OptionProblem) -> [UInt8] {
        switch source {
        case .argument(let bytes): return bytes
        case .file(let path): return try file(path)
        case .input:
            let bytes = read(STDIN_FILENO)
            guard let bytes, !bytes.isEmpty else {
                throw .setup(
                    "Error: Zero length input.\nError loading input from stdin."
                )
            }
            guard bytes.count <= byteCountMax else {
                throw .setup(
                    "Error: Message length must be less than \(byteCountMax) bytes.\n"
                        + "Error loading input from stdin."
                )
            }
            return bytes
        case .lines, .nothing, nil: return []
        }
    }

    private static func file(_ path: String) throws(OptionProblem) -> [UInt8] {
        let end = "\nError loading input file \"\(path)\"."
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .setup("Error: Unable to open file \"\(path)\".\(end)")
        }
        defer { close(descriptor) }
        guard let bytes = read(descriptor) else {
            throw .setup("Error: Unable to determine size of file \"\(path)\".\(end)")
        }
        guard bytes.count <= byteCountMax else {
            throw .setup("Error: File must be less than \(byteCountMax) bytes.\(end)")
        }
        return bytes
    }

    /// All there is, and a little more than may be at most; nil if it cannot be read.
    private static func read(_ descriptor: CInt) -> [UInt8]? {
        let blockSize = 1 << 16
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: blockSize)
        while bytes.count <= byteCountMax {
            let count = Glibc.read(descriptor, &block, blockSize)
            if count > 0 {
                bytes += block[..<count]
            } else if count == 0 {
                return bytes
            } else if errno != EINTR {
                return nil
            }
        }
        return bytes
    }
}
