// SPDX-License-Identifier: Apache-2.0
// Clients that publish what looks like a log.

import Inflight
import LogTestSupport
import Testing

@testable import Persist

@Suite("Frames in the payload of a message")
struct LogForgeryTests {
    /// The number of the log that is written here.
    private static let log: UInt64 = 7
    /// Bytes behind the payload: how many destinations, and the one.
    private static let destinationByteCount = 4

    /// The frame of some records as anybody can make it, who does not know the log's number.
    private static func unkeyedFrame(_ record: LogRecord, number: UInt64, reactor: UInt8) -> [UInt8]
    {
        var buffer = RecordBuffer(reactor: reactor)
        buffer.write(record)
        let memory = buffer.take(FrameMemory(capacity: 64))
        defer { memory.free() }
        let body = Array(
            UnsafeRawBufferPointer(start: memory.base, count: memory.count)[
                LogFrameHead.byteCount...
            ]
        )
        let length = littleEndian(UInt64(body.count), 4)
        let rest = littleEndian(number | 0xA5 << 48 | UInt64(reactor) << 56, 8) + body
        var crc = CRC32C()
        (length + rest).withUnsafeBytes { crc.update($0) }
        return length + littleEndian(UInt64(crc.value), 4) + rest
    }

    private static func littleEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }

    /// A log with a session that gets a message with a payload; its only file and where that begins.
    private static func log(
        _ payload: [UInt8],
        syncing: LogSyncing = .never
    ) throws -> (files: [String: [UInt8]], name: String, payloadOffset: Int) {
        let files = MemoryFiles()
        let engine = LogEngine(
            files: files,
            options: LogOptions(syncing: syncing),
            position: LogPosition(log: log),
            wallSeconds: { 1000 }
        )
        try engine.start(now: 0)
        var buffer = RecordBuffer(reactor: 0)
        let identity = LogIdentity(clientIdentifier: "a")
        buffer.write(.attached(1, identity, expiryInterval: 9, isNew: true))
        let first = buffer.take(FrameMemory(capacity: 64))
        engine.run([.frame(first, reactor: 0, number: 1, since: 0)], now: 0)
        var message = ModelMessage(
            number: MessageNumbers.make(reactor: 0, counter: 1),
            topic: Array("a".utf8)
        )
        message.payload = payload
        let destination = LogDestination(session: 1, qos: 1, fate: .queued(sequence: 0))
        message.lend { buffer.write(accepted: $0, to: [destination]) }
        let second = buffer.take(FrameMemory(capacity: 64))
        let end = second.count - destinationByteCount
        let length = engine.current.map { Int($0.length) } ?? 0
        engine.run([.frame(second, reactor: 0, number: 2, since: 0)], now: 0)
        let name = try #require(files.contents.keys.first)
        return (files.contents, name, length + end - payload.count)
    }

    /// Reads the log without its last byte: only the session is there, and all else is cut.
    private func checkTorn(_ payload: [UInt8], _ syncing: LogSyncing = .never) throws {
        var (files, name, _) = try Self.log(payload, syncing: syncing)
        files[name]?.removeLast()
        for isRepairing in [false, true] {
            let log = try readLog(files, isRepairing: isRepairing, boot: 9)
            #expect(log.sessions.map(\.number) == [1])
            #expect(log.sessions.map(\.outgoingCount) == [0])
            #expect(log.cutByteCount > payload.count && log.losses.isEmpty)
            #expect(!log.position.isReset)
        }
    }

    @Test("Frames that a client has made up are not taken for any")
    func madeUp() throws {
        var payload: [UInt8] = []
        for number in 1...100 as ClosedRange<UInt64> {
            payload += Self.unkeyedFrame(.ended(number), number: number, reactor: 200)
            let identity = LogIdentity(clientIdentifier: "made up \(number)")
            payload += Self.unkeyedFrame(
                .attached(1000 + number, identity, expiryInterval: 9, isNew: true),
                number: number,
                reactor: 201
            )
        }
        try checkTorn(payload)
    }

    @Test("Frames of the same log that lie elsewhere are not taken for any")
    func copied() throws {
        let (files, name, _) = try Self.log([UInt8](repeating: 1, count: 10))
        let copied = Array(try #require(files[name])[SegmentHeader.byteCount...])
        var payload: [UInt8] = []
        for _ in 0..<100 { payload += copied }
        try checkTorn(payload)
    }

    @Test("A frame in the payload that belongs right there is found")
    func known() throws {
        // Who knows the log's number can make one: that shows that the others were looked at.
        let plain = [UInt8](repeating: 0, count: 200)
        let (_, _, offset) = try Self.log(plain)
        var buffer = RecordBuffer(reactor: 200)
        buffer.write(.ended(1))
        let memory = buffer.take(FrameMemory(capacity: 64))
        defer { memory.free() }
        let head = LogFrameHead(
            bodyCount: memory.count - LogFrameHead.byteCount,
            number: 1,
            reactor: 200,
            isAfterSync: true
        )
        head.seal(memory.base, FrameMask(log: Self.log, sequence: 1), at: offset + 100)
        var payload = plain
        payload.replaceSubrange(
            100..<(100 + memory.count),
            with: UnsafeRawBufferPointer(start: memory.base, count: memory.count)
        )
        var (files, name, _) = try Self.log(payload)
        files[name]?.removeLast()
        #expect(throws: LogOpenError.self) { try readLog(files) }
        let log = try readLog(files, isRepairing: true)
        #expect(log.sessions.isEmpty && !log.losses.isEmpty)
    }

    @Test("Any number of heads is searched in a time in proportion to the bytes")
    func heads() throws {
        let size = 1 << 20
        var (files, name, offset) = try Self.log([UInt8](repeating: 0, count: size))
        // All that could be frames as long as what is left, by one who knows the log's number.
        let mask = FrameMask(log: Self.log, sequence: 1)
        var bytes = try #require(files[name])
        bytes.withUnsafeMutableBytes { bytes in
            for place in stride(from: offset, to: bytes.count - 32, by: 16) {
                let words = mask.words(at: place)
                let length = UInt64(bytes.count - place - 16)
                let word = 1 | UInt64(0xA4) << 48 | UInt64(200) << 56
                bytes.storeBytes(of: length ^ words.first, toByteOffset: place, as: UInt64.self)
                bytes.storeBytes(of: word ^ words.second, toByteOffset: place + 8, as: UInt64.self)
            }
        }
        files[name] = bytes
        let file = LogBytes(capacity: bytes.count) { memory in
            memory.copyBytes(from: bytes)
            return bytes.count
        }
        guard case .whole(let header) = SegmentHeader.read(file.bytes) else {
            Issue.record("the header is whole")
            return
        }
        var scan = SegmentScan(LoadedSegment(header: header, file: file), limit: bytes.count)
        _ = scan.next()
        guard case .broken = scan.next() else {
            Issue.record("the second frame is broken")
            return
        }
        #expect(!scan.skipBroken(FrameNumbers()) && scan.isSearchOver)
        #expect(scan.searchedByteCount <= 5 * bytes.count)
        // Nobody knows what follows: only repairing goes on.
        #expect(throws: LogOpenError.self) { try readLog(files) }
        let log = try readLog(files, isRepairing: true)
        #expect(log.sessions.map(\.number) == [1] && log.losses.count == 1)
    }

    @Test("The mask is another one at each place, in each segment, in each log")
    func masks() {
        var seen: Set<UInt64> = []
        for log in 1...4 as ClosedRange<UInt64> {
            for sequence in 1...4 as ClosedRange<UInt64> {
                let mask = FrameMask(log: log, sequence: sequence)
                for offset in 104..<204 {
                    let words = mask.words(at: offset)
                    seen.insert(words.first)
                    seen.insert(words.second)
                }
            }
        }
        #expect(seen.count == 2 * 4 * 4 * 100)
    }
}
