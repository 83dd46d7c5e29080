// SPDX-License-Identifier: Apache-2.0
// Logs whose bytes are not what was written.

import Glibc
import LogTestSupport
import Testing

@testable import Persist

@Suite("Damaged session logs")
struct LogDamageTests {
    /// A small log of several segments with a checkpoint.
    private static func smallRun(_ syncing: LogSyncing, boot: UInt64 = 0) throws -> LogRun {
        var options = LogOptions(syncing: syncing)
        options.segmentByteCount = 400
        options.boot = boot
        var script = LogScript(reactorCount: 2, dice: LogDice(seed: 11))
        script.payloadMax = 4
        var run = try LogRun(script, MemoryFiles(), options, LogPosition(log: 7))
        while run.checkpointCount == 0 || run.files.contents.count < 3 {
            guard run.marks.count < 1000 else { throw MalformedRecord() }
            run.turn()
        }
        for _ in 0..<6 { run.turn() }
        run.run()
        return run
    }

    /// Reads it: an error, or a state there was; when repairing, no byte that was not written.
    private func check(_ run: LogRun, _ files: [String: [UInt8]], _ what: String) throws {
        do throws(LogOpenError) {
            let state = LogState(try readLog(files))
            #expect(run.marks.contains { $0.state == state }, "\(what): a state that never was")
        } catch {
            guard case .file = error else { return }
            Issue.record("\(what): \(error)")
        }
    }

    private func checkRepair(_ run: LogRun, _ files: [String: [UInt8]], _ what: String) throws {
        do throws(LogOpenError) {
            let log = try readLog(files, isRepairing: true)
            let state = LogState(log)
            for (number, message) in state.messages {
                #expect(run.script.model.messages[number] == message, "\(what): a wrong message")
            }
            if log.losses.isEmpty {
                #expect(run.marks.contains { $0.state == state }, "\(what): lost without a word")
            } else {
                #expect(log.position.isReset, "\(what): what is left is recorded anew")
            }
        } catch {
            guard case .newerVersion = error else {
                Issue.record("\(what): \(error)")
                return
            }
        }
    }

    @Test("Each byte changed", arguments: LogSyncing.allCases)
    func flips(syncing: LogSyncing) throws {
        let run = try Self.smallRun(syncing)
        let shift = LogSyncing.allCases.firstIndex(of: syncing) ?? 0
        for (name, bytes) in run.files.contents {
            // All bytes are for LOG_ROUNDS; each has its turn with one of the syncings.
            for index in bytes.indices where LogModelTests.rounds > 1 || index % 5 == shift {
                var files = run.files.contents
                files[name]?[index] ^= 1 << UInt8(index % 8)
                try check(run, files, "\(name), byte \(index)")
                guard index % 3 == 0 else { continue }
                try checkRepair(run, files, "repair of \(name), byte \(index)")
            }
        }
    }

    @Test("Each length")
    func lengths() throws {
        let run = try Self.smallRun(.never)
        for (name, bytes) in run.files.contents {
            for count in bytes.indices where LogModelTests.rounds > 1 || count % 3 == 0 {
                var files = run.files.contents
                files[name] = Array(bytes[..<count])
                try check(run, files, "\(name), \(count) bytes")
                try checkRepair(run, files, "repair of \(name), \(count) bytes")
            }
        }
    }

    @Test("A segment that is missing, or not in its place")
    func segments() throws {
        let run = try Self.smallRun(.always)
        let names = run.files.contents.keys.sorted()
        for name in names {
            var files = run.files.contents
            files[name] = nil
            if name != names.last {
                #expect(throws: LogOpenError.segmentMissing(file: name)) { try readLog(files) }
            }
            try check(run, files, "without \(name)")
            try checkRepair(run, files, "repair without \(name)")
            for other in names where other > name {
                var files = run.files.contents
                (files[name], files[other]) = (files[other], files[name])
                #expect(throws: LogOpenError.self) { try readLog(files) }
                try checkRepair(run, files, "repair of \(name) and \(other)")
            }
        }
    }

    @Test("What was on the disk is not taken for a torn end, nor what the same boot has written")
    func tornOrDamaged() throws {
        for syncing in LogSyncing.allCases {
            var options = LogOptions(syncing: syncing)
            options.boot = 5
            let script = LogScript(reactorCount: 1, dice: LogDice(seed: 4))
            var run = try LogRun(script, MemoryFiles(), options, LogPosition(log: 7))
            for _ in 0..<8 {
                run.turn()
                run.run()
            }
            let name = try #require(run.files.contents.keys.max())
            let bytes = try #require(run.files.contents[name])
            var files = run.files.contents
            // The first frame; others follow.
            files[name]?[SegmentHeader.byteCount + 20] ^= 1
            let place = LogPlace(file: name, offset: SegmentHeader.byteCount)
            let damage = LogOpenError.damaged(place, .frame)
            #expect(throws: damage) { try readLog(files, boot: 5) }
            if syncing != .never {
                #expect(throws: damage) { try readLog(files, boot: 6) }
            } else {
                let log = try readLog(files, boot: 6)
                #expect(log.cutByteCount == bytes.count - SegmentHeader.byteCount)
            }
        }
    }

    @Test("A newer format is refused, another log's segment too")
    func versions() throws {
        let run = try Self.smallRun(.never)
        let names = run.files.contents.keys.sorted()
        var files = run.files.contents
        files[names[0]]?[8] = 2
        #expect(throws: LogOpenError.newerVersion(file: names[0], 2)) { try readLog(files) }
        files = run.files.contents
        guard
            case .whole(var header)? = files[names[0]].map({
                $0.withUnsafeBytes(SegmentHeader.read)
            })
        else {
            Issue.record("the header is whole")
            return
        }
        header.log = 8
        files[names[0]]?.replaceSubrange(..<SegmentHeader.byteCount, with: header.bytes)
        let place = LogPlace(file: names[0], offset: 0)
        #expect(throws: LogOpenError.damaged(place, .foreign)) { try readLog(files) }
    }

    @Test("A repaired log counts only with a whole checkpoint, and then for good")
    func repair() throws {
        var run = try Self.smallRun(.always)
        let name = try #require(run.files.contents.keys.min())
        var contents = run.files.contents
        contents[name]?[SegmentHeader.byteCount + 20] ^= 1
        let files = MemoryFiles(contents)
        let log = try RecoveredLog.read(files, LogReading(isRepairing: true), newLog: 7)
        #expect(log.losses.count == 1)
        // From here on the model is what was kept: nothing, for the sake of the test.
        let script = LogScript(reactorCount: 2, dice: run.script.dice)
        run = try LogRun(script, files, run.options, log.position)
        #expect(throws: LogOpenError.self) { try readLog(files.contents) }
        var turnCount = 0
        while run.checkpointCount == 0, turnCount < 1000 {
            run.turn()
            turnCount += 1
        }
        run.run()
        let again = try readLog(files.contents)
        #expect(LogState(again) == LogState(run.script.model))
        #expect(files.contents[name] == nil, "the damaged segment is gone")
    }

    @Test("Repairing again, before the first one's checkpoint is whole, finds the same")
    func repairedTwice() throws {
        let before = try Self.smallRun(.always)
        var contents = before.files.contents
        let name = try #require(contents.filter { $0.value.count > 200 }.keys.max())
        contents[name]?[SegmentHeader.byteCount + 20] ^= 1
        let files = MemoryFiles(contents)
        let log = try RecoveredLog.read(files, LogReading(isRepairing: true), newLog: 7)
        let state = LogState(log)
        #expect(!log.losses.isEmpty && !state.sessions.isEmpty)
        let script = LogScript(reactorCount: 2, dice: before.script.dice)
        var run = try LogRun(script, files, before.options, log.position)
        for _ in 0..<20 where run.checkpointCount == 0 {
            let again = try readLog(files.contents, isRepairing: true)
            #expect(LogState(again) == state)
            #expect(again.position.isReset && again.losses == log.losses)
            #expect(Set(again.position.segments) == Set(log.position.segments))
            run.turn()
        }
    }

    @Test("Repairing what needs no repair finds what reading does", arguments: 1...UInt64(20))
    func repairedWhole(seed: UInt64) throws {
        var run = try LogModelTests.start(seed: seed, reactors: 2, syncing: .always)
        for _ in 0..<60 {
            run.turn()
            if run.script.dice.isOne(in: 6) {
                run.files.setFault(partial: 9) { if case .append = $0 { ENOSPC } else { nil } }
                run.turn()
                run.run()
                run.files.setFault(nil)
            }
            let read = try readLog(run.files.contents)
            let repaired = try readLog(run.files.contents, isRepairing: true)
            #expect(LogState(repaired) == LogState(read), "seed \(seed)")
            #expect(repaired.position.base == read.position.base, "seed \(seed)")
            #expect(!repaired.position.isReset && repaired.losses.isEmpty, "seed \(seed)")
            #expect(repaired.position.previousSequence == read.position.previousSequence)
            #expect(repaired.position.previousLength == read.position.previousLength)
        }
        #expect(run.failureCount > 1, "seed \(seed)")
    }

    @Test("Damage in a log that has begun anew is not taken for an attempt that was never whole")
    func damagedReset() throws {
        var position = LogPosition(log: 7)
        position.isReset = true
        var options = LogOptions(syncing: .never)
        options.segmentByteCount = 600
        var script = LogScript(reactorCount: 1, dice: LogDice(seed: 3))
        script.payloadMax = 4
        var run = try LogRun(script, MemoryFiles(), options, position)
        for _ in 0..<30 where run.checkpointCount == 0 { run.turn() }
        for _ in 0..<6 { run.turn() }
        run.run()
        #expect(run.checkpointCount == 1)
        let whole = LogState(try readLog(run.files.contents))
        let last = run.files.contents.keys.max()
        for (name, bytes) in run.files.contents {
            for index in bytes.indices where LogModelTests.rounds > 1 || index % 7 == 0 {
                var files = run.files.contents
                files[name]?[index] ^= 1
                do throws(LogOpenError) {
                    let log = try readLog(files)
                    // Only the end of the last one may be a torn one.
                    #expect(log.cutByteCount > 0 ? name == last : LogState(log) == whole)
                } catch {
                    guard case .newerVersion = error else {
                        let log = try readLog(files, isRepairing: true)
                        #expect(!log.losses.isEmpty && log.position.isReset)
                        #expect(!log.sessions.isEmpty, "\(name), byte \(index)")
                        continue
                    }
                }
            }
        }
    }
}
