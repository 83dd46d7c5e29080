// SPDX-License-Identifier: Apache-2.0
// What mosquitto_pub -l does with its input.

import Foundation
import Testing

@testable import ClientTools

@Suite("Lines of standard input")
struct LinesFlowTests {
    private let connection = NotedConnection()
    private let pipes = Pipes()

    /// Runs mosquitto_pub -l over an input to its end.
    private func run(
        _ input: [UInt8],
        _ line: String = "-t t -l",
        answers: [PublishAnswer] = []
    ) throws -> [String] {
        let path = NSTemporaryDirectory() + "lines-\(UInt64.random(in: 0 ... .max))"
        try Data(input).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        let descriptor = open(path, O_RDONLY)
        defer { close(descriptor) }
        connection.answers = answers
        let flow = LinesFlow(
            try options(.pub, line),
            InputLines(descriptor: descriptor),
            pipes.voice
        )
        flow.connected(connection)
        while flow.reconnects {
            if flow.wantsInput { flow.readInput(connection) }
            flow.completed(count: flow.sentCount - flow.doneCount)
            flow.proceed(connection, now: 0)
        }
        return connection.taken()
    }

    @Test("each line is a message, empty ones and an unfinished last one too")
    func lines() throws {
        #expect(
            try run(Array("a\n\nb".utf8)) == [
                "publish 't' 'a' 0", "publish 't' '' 0", "publish 't' 'b' 0", "disconnect 0",
            ]
        )
        #expect(try run([]) == ["disconnect 0"])
        #expect(try run([0x0A]) == ["publish 't' '' 0", "disconnect 0"])
    }

    @Test("lines of any length, whole and in order, across blocks")
    func lengths() throws {
        let counts = [0, 1, 65_535, 65_536, 65_537, 3, 200_000, 0, 131_072]
        var input: [UInt8] = []
        for (index, count) in counts.enumerated() {
            input += [UInt8](repeating: UInt8(ascii: "a") + UInt8(index), count: count) + [0x0A]
        }
        let notes = try run(input)
        #expect(notes.count == counts.count + 1)
        for (index, count) in counts.enumerated() {
            let letter = Character(UnicodeScalar(UInt8(ascii: "a") + UInt8(index)))
            #expect(notes[index] == "publish 't' '\(String(repeating: letter, count: count))' 0")
        }
    }

    @Test("a line for which there is no room is sent again, once")
    func room() throws {
        let notes = try run(
            Array("a\nb\n".utf8),
            "-t t -l -q 1",
            answers: [
                .full, .full, .accepted(packetIdentifier: 1), .full,
                .accepted(packetIdentifier: 2),
            ]
        )
        #expect(
            notes == [
                "publish 't' 'a' 1", "publish 't' 'a' 1", "publish 't' 'a' 1",
                "publish 't' 'b' 1", "publish 't' 'b' 1", "disconnect 0",
            ]
        )
    }

    @Test("what the broker does not take ends it")
    func tooLarge() throws {
        let notes = try run(Array("a\nb\n".utf8), answers: [.tooLarge])
        #expect(notes == ["publish 't' 'a' 0", "disconnect 0"])
        #expect(try pipes.texts().errors == "Error: Message payload is too large.\n")
    }
}
