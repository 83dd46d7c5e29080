// SPDX-License-Identifier: Apache-2.0
// What a helper writes to the broker.

/// One record that a helper writes to the broker.
package enum AnswerRecord: Equatable, Sendable {
    /// The question of this serial is answered.
    case answer(serial: UInt64, Answer)
    /// The plugin was set up: 0, or what it has failed with and why.
    case ready(code: Int32, lines: [String])
    /// Something that is only told.
    case told(Told)
    /// Something that the broker must answer before the plugin goes on.
    case request(Request)

    /// Writes the record in place of what is in `record`.
    package func encode(into record: inout RecordWriter) {
        switch self {
        case .answer(let serial, let answer):
            if answer.isPlain {
                let plain = PlainAnswer(
                    serial: serial,
                    code: answer.code,
                    nanoseconds: answer.nanoseconds
                )
                return plain.encode(into: &record)
            }
            record.begin(1)
            record.put(serial)
            answer.encode(into: &record)
        case .ready(let code, let lines):
            record.begin(2)
            record.put(code)
            record.put(UInt32(lines.count))
            for line in lines { record.put(line) }
        case .told(let told): told.encode(into: &record)
        case .request(let request): request.encode(into: &record)
        }
    }

    /// Reads a record, whose bytes are copied.
    package init(_ bytes: [UInt8]) throws(Nonsense) {
        self = try bytes.withUnsafeBytes { bytes in
            Result { () throws(Nonsense) in try AnswerRecord(bytes) }
        }.get()
    }

    /// Reads a record.
    package init(_ bytes: UnsafeRawBufferPointer) throws(Nonsense) {
        var record = RecordReader(bytes)
        let tag = try record.integer(UInt8.self)
        switch tag {
        case PlainAnswer.tag: self = .answer(try PlainAnswer(&record))
        case 1: self = .answer(serial: try record.integer(), try Answer(&record))
        case 2:
            let code = try record.integer(Int32.self)
            var lines: [String] = []
            for _ in 0..<(try record.integer(UInt32.self)) { lines.append(try record.text()) }
            self = .ready(code: code, lines: lines)
        case Told.tags: self = .told(try Told(tag, &record))
        default: self = .request(try Request(tag, &record))
        }
        try record.end()
    }
}

extension AnswerRecord {
    private static func answer(_ plain: PlainAnswer) -> AnswerRecord {
        .answer(serial: plain.serial, Answer(plain))
    }
}

extension PlainAnswer {
    fileprivate func encode(into record: inout RecordWriter) {
        record.begin(Self.tag)
        record.put(UInt8(0))
        record.put(UInt16(0))
        record.put(code)
        record.put(serial)
        record.put(nanoseconds)
    }

    /// Reads what is behind the tag.
    fileprivate init(_ record: inout RecordReader) throws(Nonsense) {
        let filling = (try record.integer(UInt8.self), try record.integer(UInt16.self))
        guard filling == (0, 0) else { throw Nonsense("a plain answer") }
        let code = try record.integer(Int32.self)
        let serial = try record.integer(UInt64.self)
        self.init(serial: serial, code: code, nanoseconds: try record.integer())
    }
}
