// SPDX-License-Identifier: Apache-2.0
// A script, the engine that writes what it records, and what is known after each step.

import LogTestSupport

@testable import Persist

/// Runs a script against files in memory, and remembers every state.
struct LogRun {
    /// After a turn.
    struct Mark {
        /// How many steps had been done to the files when it was handed over and when it was written.
        let stepsBefore: Int
        var stepsAfter: Int
        let state: LogState
        let model: LogModel
        /// When its frame was called safe: after so many steps.
        var safeAfter: Int?
    }

    var script: LogScript
    let files: MemoryFiles
    let options: LogOptions
    private(set) var engine: LogEngine
    private var buffers: [RecordBuffer.Boxed] = []
    private var numbers: [UInt64] = []
    private(set) var marks: [Mark]
    private var places: [[UInt64: Int]] = []
    private var waiting: [LogJob] = []
    private(set) var checkpointCount = 0
    private(set) var failureCount = 0
    private var areRefused = false
    /// Whether reactors may go on for some turns before they hear of a fault.
    var isHeardLate = false
    private var unheard: [LogEvent] = []
    private let clock = ScriptClock()

    init(
        _ script: LogScript,
        _ files: MemoryFiles,
        _ options: LogOptions,
        _ position: LogPosition
    ) throws {
        self.script = script
        self.files = files
        self.options = options
        clock.second = script.model.recordedClock
        engine = LogEngine(
            files: files,
            options: options,
            position: position,
            wallSeconds: { [clock] in clock.second },
            nanoseconds: { [clock] in clock.nanoseconds }
        )
        let first = Mark(
            stepsBefore: files.steps.count,
            stepsAfter: files.steps.count,
            state: LogState(script.model),
            model: script.model,
            safeAfter: files.steps.count
        )
        marks = [first]
        try engine.start(now: 0)
        for reactor in 0..<script.reactorCount {
            buffers.append(RecordBuffer.Boxed(RecordBuffer(reactor: UInt8(reactor))))
            numbers.append(0)
            places.append([:])
        }
        take(engine.events)
    }

    /// One turn of some reactor; the engine runs now and then.
    mutating func turn() {
        let reactor = UInt8(script.dice.roll(script.reactorCount))
        let box = buffers[Int(reactor)]
        let completed = script.turn(reactor, &box.buffer)
        if !box.buffer.isEmpty { submit(reactor, box) }
        if let completed { waiting.append(.completeCheckpoint(completed)) }
        if completed == nil, script.checkpoint == nil, script.dice.isOne(in: 40) {
            // Nothing of what is recorded until it has begun may lie behind its beginning.
            run()
            if script.checkpoint == nil { waiting.append(.beginCheckpoint) }
            run()
        }
        if completed != nil || script.dice.isOne(in: 2) { run() }
    }

    private mutating func submit(_ reactor: UInt8, _ box: RecordBuffer.Boxed) {
        if areRefused {
            box.buffer.removeAll()
            return
        }
        let place = Int(reactor)
        numbers[place] += 1
        let memory = box.buffer.take(FrameMemory(capacity: 64))
        waiting.append(
            .frame(
                memory,
                reactor: reactor,
                number: numbers[place],
                since: box.buffer.checkpoint
            )
        )
        places[place][numbers[place]] = marks.count
        marks.append(
            Mark(
                stepsBefore: files.steps.count,
                stepsAfter: .max,
                state: LogState(script.model),
                model: script.model,
                safeAfter: nil
            )
        )
    }

    /// Lets the engine do what waits.
    mutating func run() {
        clock.second = script.model.recordedClock
        clock.nanoseconds += Int64(script.dice.roll(600)) * 1_000_000
        engine.run(waiting, now: clock.nanoseconds)
        waiting = []
        for index in marks.indices where marks[index].stepsAfter == .max {
            marks[index].stepsAfter = files.steps.count
        }
        take(engine.events)
    }

    /// Lets time pass, as a slow disk does.
    func stall(nanoseconds: Int64) -> @Sendable () -> Void {
        { [clock] in clock.nanoseconds += nanoseconds }
    }

    private mutating func take(_ events: [LogEvent]) {
        engine.events = []
        unheard += events
        let isFault = unheard.contains {
            switch $0 {
            case .failed, .resumed: true
            default: false
            }
        }
        if isFault, isHeardLate, !script.dice.isOne(in: 3) { return }
        hear()
    }

    private mutating func hear() {
        let events = unheard
        unheard = []
        for event in events {
            switch event {
            case .safe(let reactor, let number):
                guard let place = places[Int(reactor)][number] else { continue }
                marks[place].safeAfter = files.steps.count
            case .checkpointBegan(let number):
                begin(number, isReset: false)
            case .resumed(let number):
                areRefused = false
                script.mail = script.mail.mapValues {
                    $0.filter { if case .marker = $0 { false } else { true } }
                }
                begin(number, isReset: true)
            case .failed:
                failureCount += 1
                areRefused = true
                script.checkpoint = nil
            case .checkpointCompleted: checkpointCount += 1
            case .checkpointWanted, .closed: break
            }
        }
    }

    private mutating func begin(_ checkpoint: UInt64, isReset: Bool) {
        script.begin(checkpoint)
        for box in buffers { box.buffer.begin(checkpoint, isReset: isReset) }
    }

    /// The last turn whose frame was safe before so many steps were done.
    func lastSafe(before stepCount: Int) -> Int {
        marks.lastIndex { ($0.safeAfter ?? .max) <= stepCount } ?? 0
    }

    /// Ends the log as it should be.
    mutating func close(_ database: WrittenDatabase?) {
        waiting.append(.close(database))
        run()
    }
}

/// The clocks of a script.
///
/// `@unchecked Sendable`: one thread has it.
private final class ScriptClock: @unchecked Sendable {
    var second: Int64 = 0
    var nanoseconds: Int64 = 0
}

extension RecordBuffer {
    /// A buffer that can stand in an array.
    final class Boxed {
        var buffer: RecordBuffer

        init(_ buffer: consuming RecordBuffer) { self.buffer = buffer }
    }
}

/// Reads the log in some files.
func readLog(
    _ contents: [String: [UInt8]],
    isRepairing: Bool = false,
    boot: UInt64 = 0
) throws(LogOpenError) -> RecoveredLog {
    try RecoveredLog.read(
        MemoryFiles(contents),
        LogReading(isRepairing: isRepairing, boot: boot),
        newLog: 7
    )
}
