// SPDX-License-Identifier: Apache-2.0
// Rules of reading that chance seldom comes across.

import Inflight
import Testing

@testable import Persist

@Suite("Rules for reading the session log")
struct LogReplayTests {
    private static let number = MessageNumbers.make(reactor: 0, counter: 1)

    /// What was written stays in memory as long as the test: the replay refers to it.
    private final class Written {
        var frames: [FrameMemory] = []

        deinit { for frame in frames { frame.free() } }
    }

    private let written = Written()

    /// Reads what is written, as one incarnation.
    private func replay(_ body: (inout RecordBuffer) -> Void) throws -> LogReplay {
        var buffer = RecordBuffer(reactor: 0)
        body(&buffer)
        let memory = buffer.take(FrameMemory(capacity: 64))
        written.frames.append(memory)
        var reader = RecordReader()
        let body = UnsafeRawBufferPointer(
            start: memory.base + LogFrameHead.byteCount,
            count: memory.count - LogFrameHead.byteCount
        )
        reader.begin(body, of: 0)
        var replay = LogReplay()
        while let record = try reader.read() { replay.apply(record, reader) }
        replay.restart()
        return replay
    }

    private static let identity = LogIdentity(clientIdentifier: "a")

    private func accept(_ buffer: inout RecordBuffer, _ fate: LogDestination.Fate?) {
        let message = ModelMessage(number: Self.number, topic: [1])
        let list = fate.map { [LogDestination(session: 1, qos: 1, fate: $0)] } ?? []
        message.lend { buffer.write(accepted: $0, to: list) }
    }

    private func image(_ buffer: inout RecordBuffer, _ entries: [LogEntry], next: UInt64) {
        buffer.write(
            .imageBegan(
                LogImageHead(
                    session: 1,
                    identity: Self.identity,
                    expiryInterval: 9,
                    nextSequence: next
                )
            )
        )
        if !entries.isEmpty { buffer.write(imageEntries: entries, of: 1) }
        buffer.write(.imageEnded(1))
    }

    @Test("A message that is undecided in an image is queued once", arguments: [true, false])
    func undecided(isKnown: Bool) throws {
        let replay = try replay { buffer in
            accept(&buffer, isKnown ? .pending : nil)
            let entry = LogEntry(sequence: 0, message: Self.number, qos: 1, progress: .pending)
            image(&buffer, [entry], next: 0)
        }
        #expect(replay.sessions.map(\.session.outgoingCount) == [1])
    }

    @Test("A message that is pending survives an image without it")
    func pendingOverImage() throws {
        let replay = try replay { buffer in
            accept(&buffer, .pending)
            image(&buffer, [], next: 4)
        }
        #expect(replay.sessions.map(\.session.outgoingCount) == [1])
    }

    @Test(
        "A message that was entered before its image is in that alone",
        arguments: [0, 5] as [UInt64]
    )
    func enteredBeforeImage(sequence: UInt64) throws {
        let replay = try replay { buffer in
            accept(&buffer, .pending)
            let entered = LogDestination(session: 1, qos: 1, fate: .queued(sequence: sequence))
            buffer.write(delivered: Self.number, to: [entered])
            // Acknowledged in between, by a record in an older segment.
            image(&buffer, [], next: sequence + 1)
        }
        #expect(replay.sessions.map(\.session.outgoingCount) == [0])
    }

    @Test("New numbers come above those of publishers too")
    func publisherNumber() throws {
        let replay = try replay { buffer in
            accept(&buffer, .pending)
            buffer.write(.identity(57, LogIdentity(clientIdentifier: "publisher")))
        }
        #expect(replay.sessionMax == 57)
    }

    @Test("A session is of the bridge that is named behind its beginning, until a client has it")
    func bridgeName() throws {
        let name = LogIdentity(clientIdentifier: "b")
        func names(_ records: (inout RecordBuffer) -> Void) throws -> [String?] {
            try replay(records).sessions.map(\.session.bridgeName)
        }
        #expect(
            try names { buffer in
                buffer.write(.attached(1, Self.identity, expiryInterval: 9, isNew: true))
                buffer.write(.identity(1, name))
                buffer.write(.detached(1, at: 5))
            } == ["b"]
        )
        #expect(
            try names { buffer in
                buffer.write(.attached(1, Self.identity, expiryInterval: 9, isNew: true))
                buffer.write(.identity(1, name))
                buffer.write(.attached(1, Self.identity, expiryInterval: 9, isNew: false))
            } == [nil]
        )
        // An image has it anew; a publisher's number is nobody's session.
        #expect(
            try names { buffer in
                buffer.write(
                    .imageBegan(
                        LogImageHead(
                            session: 1,
                            identity: Self.identity,
                            expiryInterval: 9,
                            detachedAt: 5,
                            nextSequence: 0,
                            lastIdentifier: 0
                        )
                    )
                )
                buffer.write(.identity(1, name))
                buffer.write(.identity(2, name))
                buffer.write(.imageEnded(1))
            } == ["b"]
        )
    }

    @Test("A number that is not above the last one is known already")
    func repeatedSequence() throws {
        let replay = try replay { buffer in
            buffer.write(.attached(1, Self.identity, expiryInterval: 9, isNew: true))
            accept(&buffer, .queued(sequence: 3))
            let again = LogDestination(session: 1, qos: 1, fate: .queued(sequence: 3))
            buffer.write(delivered: Self.number, to: [again])
            let earlier = LogDestination(session: 1, qos: 1, fate: .queued(sequence: 2))
            buffer.write(delivered: Self.number, to: [earlier])
        }
        #expect(replay.sessions.map(\.session.outgoingCount) == [1])
    }

    @Test("Of a retained topic the highest version counts, and a cleared one too")
    func retainedVersions() throws {
        let replay = try replay { buffer in
            accept(&buffer, nil)
            [1 as UInt8].withUnsafeBytes { topic in
                buffer.write(.retainedCleared(version: 9, topic: topic))
            }
            buffer.write(.retainedSet(version: 8, Self.number))
        }
        #expect(replay.retained.entry([1])?.message == nil)
        #expect(replay.retained.versionMax == 9)
    }

    @Test("The content of a retained message may come behind its name")
    func retainedBeforeContent() throws {
        let replay = try replay { buffer in
            buffer.write(.retainedSet(version: 8, Self.number))
            accept(&buffer, nil)
        }
        #expect(replay.retained.entry([1])?.message != nil)
    }

    @Test("A retained message without content was replaced, unless it is the last one")
    func retainedWithoutContent() throws {
        let replaced = try replay { buffer in
            buffer.write(.retainedSet(version: 8, 77))
            accept(&buffer, nil)
            buffer.write(.retainedSet(version: 9, Self.number))
        }
        #expect(replaced.retained.entry([1])?.message != nil)
        #expect(replaced.strayCount == 0)
        let last = try replay { buffer in
            accept(&buffer, nil)
            buffer.write(.retainedSet(version: 8, Self.number))
            buffer.write(.retainedSet(version: 9, 77))
        }
        #expect(last.strayCount == 1)
        #expect(last.firstStray == "version 9 of a retained message")
    }

    @Test("What is about a session that has ended, or is not known, is nothing")
    func unknown() throws {
        let replay = try replay { buffer in
            buffer.write(.attached(1, Self.identity, expiryInterval: 9, isNew: true))
            buffer.write(.ended(1))
            accept(&buffer, .pending)
            buffer.write(.attached(1, Self.identity, expiryInterval: 9, isNew: true))
            buffer.write(.attached(2, Self.identity, expiryInterval: 9, isNew: false))
            buffer.write(.expiryChanged(3, 4))
            buffer.write(.acknowledged(3, IdentifierStretch(first: 1)))
        }
        #expect(replay.sessions.isEmpty && replay.strayCount == 0)
    }
}
