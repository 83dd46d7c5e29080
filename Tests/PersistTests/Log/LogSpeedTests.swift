// SPDX-License-Identifier: Apache-2.0
// How fast the log is; printed, and only when LOG_SPEED is set.

import Glibc
import Inflight
import LogTestSupport
import Testing

@testable import Persist

@Suite("Speed of the session log", .enabled(if: getenv("LOG_SPEED") != nil), .serialized)
struct LogSpeedTests {
    private static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let begin = LogClock.monotonicNanoseconds()
        try body()
        return Double(LogClock.monotonicNanoseconds() - begin) / 1e9
    }

    @Test("Checksum")
    func checksum() {
        let bytes = [UInt8](repeating: 7, count: 64 << 20)
        var crc = CRC32C()
        let time = Self.seconds { bytes.withUnsafeBytes { crc.update($0) } }
        print("CRC-32C: \(Double(bytes.count) / time / 1e9) GB/s, \(crc.value)")
    }

    @Test("Recording")
    func recording() {
        var message = ModelMessage(number: 0, topic: Array("sensor/1/temperature".utf8))
        message.payload = [UInt8](repeating: 7, count: 100)
        message.publisher = 5
        var list = [LogDestination(session: 77, qos: 1, fate: .queued(sequence: 0))]
        var byteCount = 0
        let time = Self.seconds {
            message.lend { lent in
                var lent = lent
                var buffer = RecordBuffer(reactor: 0)
                for index in 0..<1_000_000 {
                    lent.number = MessageNumbers.make(reactor: 0, counter: UInt64(index))
                    list[0].fate = .sent(
                        sequence: UInt64(index),
                        identifier: UInt16(index % 65_535) + 1
                    )
                    buffer.write(accepted: lent, to: list)
                    let stretch = IdentifierStretch(first: UInt16(index % 65_535) + 1)
                    buffer.write(.acknowledged(77, stretch))
                    if index % 100 == 99 {
                        byteCount += buffer.byteCount
                        buffer.removeAll()
                    }
                }
            }
        }
        print("accepted and acknowledged: \(time * 1000) ns each, \(byteCount) bytes in all")
    }

    @Test("Writing and reading a million messages of 100 bytes for 10,000 sessions")
    func million() throws {
        let scratch = ScratchFolder()
        let files = try LogFolder(scratch.path + "/log")
        let events = EventLog()
        let writer = try LogWriter(
            files: files,
            options: LogOptions(syncing: .everySecond),
            position: LogPosition(log: 3),
            observer: events
        )
        let writing = Self.seconds { Self.write(writer, events) }
        print("written: \(writing) s, \(writer.figures)")
        var log: RecoveredLog?
        let reading = try Self.seconds {
            log = try RecoveredLog.read(files, LogReading(), newLog: 0)
        }
        var count = 0
        var byteCount = 0
        let imaging = Self.seconds {
            for place in log?.sessions.indices ?? 0..<0 {
                for outgoing in log?.image(at: place).outgoing ?? [] {
                    count += 1
                    byteCount += log?.message(outgoing.message)?.payload.count ?? 0
                }
            }
        }
        print("read: \(reading) s, images and messages: \(imaging) s, \(count), \(byteCount) bytes")
        #expect(count == 1_000_000 && byteCount == 100_000_000)
    }

    private static func write(_ writer: LogWriter, _ events: EventLog) {
        var buffer = RecordBuffer(reactor: 0)
        for session in 1...10_000 as ClosedRange<UInt64> {
            let identity = LogIdentity(clientIdentifier: "client-\(session)")
            buffer.write(.attached(session, identity, expiryInterval: 1000, isNew: true))
        }
        var message = ModelMessage(number: 0, topic: Array("sensor/1/temperature".utf8))
        message.payload = [UInt8](repeating: 7, count: 100)
        message.publisher = 5
        var last: UInt64 = 0
        message.lend { lent in
            var lent = lent
            for index in 0..<1_000_000 {
                lent.number = MessageNumbers.make(reactor: 0, counter: UInt64(index))
                let destination = LogDestination(
                    session: UInt64(index % 10_000) + 1,
                    qos: 1,
                    fate: .queued(sequence: UInt64(index / 10_000))
                )
                buffer.write(accepted: lent, to: [destination])
                if index % 100 == 99, case .taken(let number, _) = writer.submit(&buffer) {
                    last = number
                }
            }
        }
        _ = events.wait { $0.safe(0) == last }
        writer.close(nil)
    }
}
