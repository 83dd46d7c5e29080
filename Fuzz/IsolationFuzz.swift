// SPDX-License-Identifier: Apache-2.0
// The libFuzzer target for what processes of plugins write: no input traps, and nothing is read beyond it.

import Synchronization

@testable import Isolation

/// Entry point of libFuzzer: the first byte says what the rest is.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    // Memory of its own for each record, so that reading beyond it is noticed.
    let input = [UInt8](UnsafeBufferPointer(start: start + 1, count: count - 1))
    switch start.pointee % 4 {
    case 0: readAnswer(input)
    case 1: _ = try? Reply(input)
    case 2:
        input.withUnsafeBytes { bytes in
            _ = try? QuestionRecord(bytes)
            _ = try? QuestionRecord.question(bytes)
        }
    default: readRing(input)
    }
    return 0
}

/// What is read is written as it was, but for texts that were no UTF-8 and for the longer form of a plain
/// answer, and is the same when it is read again.
private func readAnswer(_ input: [UInt8]) {
    guard let record = try? AnswerRecord(input) else { return }
    var writer = RecordWriter()
    record.encode(into: &writer)
    precondition((try? AnswerRecord(Array(writer.bytes))) == record, "a record changes on its way")
}

/// A ring whose writer has lost its wits: the first bytes are the tail, the rest is in the ring, again and
/// again.
private func readRing(_ input: [UInt8]) {
    guard input.count > 8 else { return }
    let capacity = UnsafeRing.capacityMin
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 8)
    let words = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 8)
    defer {
        bytes.deallocate()
        words.deallocate()
    }
    for place in 0..<capacity { bytes[place] = input[8 + place % (input.count - 8)] }
    for place in 0..<16 { words[place] = place < 8 ? 0 : input[place - 8] }
    guard let memory = bytes.baseAddress, let head = words.baseAddress else { return }
    let ring = UnsafeRing(
        bytes: memory,
        capacity: capacity,
        head: UnsafeRing.word(at: head),
        tail: UnsafeRing.word(at: head + 8)
    )
    var reader = RingReader(ring, recordMax: 1 << 16)
    var record: [UInt8] = []
    // No record is shorter than a header, so there are not more than these.
    for _ in 0...capacity / 8 {
        if let plain = try? reader.nextPlain() {
            _ = Answer(plain)
        } else if (try? reader.next(&record)) == true {
            readAnswer(record)
        } else {
            return
        }
        reader.publish()
    }
    preconditionFailure("more is read than there was")
}
