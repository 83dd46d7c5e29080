// SPDX-License-Identifier: Apache-2.0
// Reading a journal back.

import Encoding
import JSON

/// The result of reading a journal.
struct JournalScan {
    /// A record of changes that was read back.
    struct Record {
        let sequence: Int
        let document: JSONDocument

        /// Repeats the changes on a state.
        func apply(to model: inout Model) {
            var transaction = Transaction()
            document.withRoot { node in
                for node in node["changes"].map({ Array($0.children) }) ?? [] {
                    if let change = node.change(for: model) {
                        transaction.apply(change, to: &model)
                    }
                }
                model.changeIndex = node["changeIndex"]?.wideInteger ?? model.changeIndex
            }
        }
    }

    /// The records of changes, in order.
    var records: [Record] = []
    /// The last change held by the state file that is there; nil when no base line knows the file.
    var firstSequence: Int?
    var lastSequence = 0
    /// The length of the part that passes its checks.
    var goodLength = 0
    /// Whether whole records follow a broken one.
    var isDamaged = false
    /// Whether there is anything to lose.
    var hasRecords: Bool { !records.isEmpty }

    init(_ bytes: ArraySlice<UInt8>, base: Digest) {
        bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            var isBroken = false
            while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Bytes(rebasing: bytes[start..<end])
                start = end + 1
                if isBroken {
                    isDamaged = isDamaged || JournalScan.document(in: line) != nil
                } else if add(line, base: base) {
                    goodLength = start
                } else {
                    isBroken = true
                }
            }
        }
    }

    /// What a line holds; nil when it fails its check.
    private static func document(in line: Bytes) -> JSONDocument? {
        guard line.count > 9, line[8] == UInt8(ascii: " ") else { return nil }
        let text = Bytes(rebasing: line[9...])
        guard CRC32.hexadecimal(of: text).elementsEqual(line[..<8]) else { return nil }
        return JSONDocument(parsingExactly: text)
    }

    private mutating func add(_ line: Bytes, base: Digest) -> Bool {
        guard let document = JournalScan.document(in: line) else { return false }
        let (sequence, digest) = document.withRoot { ($0["seq"]?.wideInteger, $0["base"]?.string) }
        guard let sequence else { return false }
        lastSequence = max(lastSequence, sequence)
        if let digest {
            if digest == base.text { firstSequence = sequence }
        } else {
            records.append(Record(sequence: sequence, document: document))
        }
        return true
    }
}

/// The usual 32-bit cyclic redundancy check.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in
            value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320
        }
    }

    /// The check of some bytes, as eight digits.
    static func hexadecimal(of bytes: Bytes) -> [UInt8] {
        var check = UInt32.max
        table.withUnsafeBufferPointer { table in
            for byte in bytes { check = check >> 8 ^ table[Int((check ^ UInt32(byte)) & 0xFF)] }
        }
        return Hexadecimal.encode(withUnsafeBytes(of: (~check).bigEndian) { Array($0) })
    }
}
