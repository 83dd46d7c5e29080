// SPDX-License-Identifier: Apache-2.0
// The process that runs one plugin: `mosquitto --plugin-host`.

import CBrokerShims
import CMosquitto
import Config
import Core
import Glibc
import Isolation
import Log
import Net
import Results
import Synchronization

/// The process that runs one plugin.
///
/// Its first thread takes the broker's questions out of their ring and calls the plugin, as the plugin
/// thread of the broker does with plugins in the broker's process.
///
/// `@unchecked Sendable`: what is not constant is written by the first thread before the plugin is set up,
/// or read by that thread alone, which `isFirstThread` asks.
package final class PluginHelper: @unchecked Sendable {
    let channel: HelperChannel
    let callbacks = HelperCallbacks()
    let clients = HelperClients()
    /// The plugin, once its library is open.
    private(set) var plugin: LoadedPlugin?
    private(set) var persistenceLocation: CStringBox?
    private let watch = Stopwatch(log: Log(), slowMilliseconds: 0)
    private let firstThread = pthread_self()
    private var questions: RingReader
    private var record: [UInt8] = []
    /// Whether the record has a password.
    private var isSecret = false
    /// The ring of the question whose callback runs.
    private var ring: Int?
    private let ticks = TickTable()
    /// When the next tick is due, in nanoseconds.
    private var nextTickAt = Int64.min
    private var unannouncedSince: Int64 = 0
    private var takenCount: UInt64 = 0
    /// When the last callback returned, in nanoseconds; 0 if anything but questions came after it.
    ///
    /// What ends there begins there, so that the clock is read once for each question.
    private var lastEnd: Int64 = 0
    /// The client and the callback of the last question: they are mostly those of the next as well.
    private var lastClient: (number: UInt64, identity: ClientIdentity)?
    private var lastCallback: (number: UInt32, removals: Int, callback: Callback)?

    /// An answer waits no longer than this for others.
    private static let announcementNanoseconds: Int64 = 200_000
    private static let tickLookNanoseconds: Int64 = 100_000_000
    /// The descriptors that the broker hands over.
    private static let firstDescriptor: CInt = 3

    /// What the broker starts itself with.
    package static let option = "--plugin-host"

    /// Serves as a helper, and returns the exit status.
    ///
    /// - Parameter arguments: what follows `--plugin-host`: the broker's process and the number of its
    ///   workers
    package static func run(_ arguments: some Collection<String>) -> Int32 {
        let numbers = arguments.prefix(2).compactMap { Int32($0) }
        guard numbers.count == 2, 1...Int32(ChannelLayout.workerCountMax) ~= numbers[1] else {
            Log().error("Error: \(option) is for the broker itself.")
            return 3
        }
        let workerCount = Int(numbers[1])
        let ringCount = ChannelLayout(workerCount: workerCount).ringCount
        let wakers = (0..<ringCount).map { firstDescriptor + 2 + CInt($0) }
        guard broker_helper_begin(numbers[0], firstDescriptor + 2 + CInt(ringCount)),
            let channel = HelperChannel(
                workerCount: workerCount,
                questions: firstDescriptor,
                answers: firstDescriptor + 1,
                wakers: wakers
            )
        else { return 1 }
        for descriptor in [firstDescriptor, firstDescriptor + 1] { _ = close(descriptor) }
        for waker in wakers { _ = fcntl(waker, F_SETFD, FD_CLOEXEC) }
        return PluginHelper(channel).serve()
    }

    private init(_ channel: HelperChannel) {
        self.channel = channel
        questions = RingReader(channel.channel.questionRing, recordMax: HelperChannel.recordMax)
    }

    /// The ring of the question whose callback calls; nil on threads of the plugin.
    var ringOfQuestion: Int? {
        pthread_equal(firstThread, pthread_self()) != 0 ? ring : nil
    }

    // MARK: The first thread

    private func serve() -> Int32 {
        while true {
            do throws(Nonsense) {
                if let view = try questions.nextInPlace() {
                    if try handle(view) { return 0 }
                } else if try questions.next(&record) {
                    // What is read points into it, and answers do not change it.
                    if try withRecord({ record throws(Nonsense) in try handle(record) }) {
                        return 0
                    }
                } else {
                    pause()
                    continue
                }
            } catch {
                logError("Error: the broker has written nonsense to a helper: \(error.what).")
                return 1
            }
            noteTaken()
        }
    }

    private func withRecord(
        _ body: (UnsafeRawBufferPointer) throws(Nonsense) -> Bool
    ) throws(Nonsense) -> Bool {
        let result = record.withUnsafeBytes { bytes in
            Result { () throws(Nonsense) in try body(bytes) }
        }
        if isSecret { questions.wipe(&record) }
        return try result.get()
    }

    /// Handles a record; whether it was the last one.
    @inline(__always)
    private func handle(_ bytes: UnsafeRawBufferPointer) throws(Nonsense) -> Bool {
        isSecret = false
        if let (head, body) = try QuestionRecord.question(bytes) {
            answer(head, body)
            return false
        }
        lastEnd = 0
        return handle(try QuestionRecord(bytes))
    }

    /// Says how far the ring is read.
    private func noteTaken() {
        takenCount += 1
        let word = channel.channel.answerWord(ChannelLayout.Answers.taken)
        word.pointee.store(takenCount, ordering: .relaxed)
        questions.publish()
        tellRoomIfWanted()
    }

    private var roomWantedSeen: UInt64 = 0

    private func tellRoomIfWanted() {
        let word = channel.channel.questionWord(ChannelLayout.Questions.roomWanted)
        let wanted = word.pointee.load(ordering: .sequentiallyConsistent)
        guard wanted != roomWantedSeen, questions.hasMuchRoom else { return }
        roomWantedSeen = wanted
        channel.wakeKeeper()
    }

    /// Nothing is to be read: sleeps until there is, or a tick is due.
    private func pause() {
        lastEnd = 0
        channel.announce()
        unannouncedSince = 0
        let wait = runTicks()
        channel.announce()
        tellRoomIfWanted()
        let layout = channel.channel
        let isSleeping = layout.answerWord(ChannelLayout.Answers.isSleeping)
        let tail = layout.questionWord(ChannelLayout.Questions.tail)
        isSleeping.pointee.store(1, ordering: .sequentiallyConsistent)
        let seen = tail.pointee.load(ordering: .sequentiallyConsistent)
        if questions.isEmpty {
            broker_word_wait(
                tail,
                UInt32(truncatingIfNeeded: seen),
                wait.map { $0 * 1_000_000 } ?? -1
            )
        }
        isSleeping.pointee.store(0, ordering: .sequentiallyConsistent)
    }

    /// Calls what is due; returns the milliseconds until the next.
    private func runTicks() -> Int64? {
        guard let wait = ticks.run(callbacks.ticks, watch) else { return nil }
        nextTickAt = MonotonicTime.nanoseconds() + wait * 1_000_000
        return wait
    }

    /// Whether it was the last one.
    private func handle(_ record: QuestionRecord) -> Bool {
        switch record {
        case .setup(let setup): return !begin(setup)
        case .client(let facts): _ = clients.add(facts)
        case .gone(let number):
            clients.remove(number)
            lastClient = nil
        case .names(let number, let identifier, let userName):
            guard let identity = clients[number] else { break }
            ClientRecord.of(identity).follow(identifier: identifier, userName: userName)
        case .question(let head, let body): answer(head, body)
        case .stop:
            plugin?.cleanUp()
            channel.announce()
            return true
        }
        return false
    }

    // MARK: The plugin

    /// Opens the plugin and sets it up; false if that fails.
    private func begin(_ setup: PluginSetup) -> Bool {
        CurrentHost.install(self)
        PluginHost.useOurMemoryForJSON()
        persistenceLocation = CStringBox(setup.persistenceLocation)
        let configuration = PluginConfiguration(setup)
        let service = channel.channel.layout.serviceRing
        do throws(PluginHost.LoadError) {
            let library = try PluginLibrary(configuration, isBuiltIn: false)
            let unknown = library.unknownOptions(of: configuration)
            guard unknown.isEmpty else {
                throw PluginHost.LoadError(lines: unknown, exitCode: ResultCode.invalid)
            }
            let plugin = try LoadedPlugin.open(library, configuration, isBuiltIn: false)
            self.plugin = plugin
            let record = AnswerRecord.told(.opened(flags: plugin.flags))
            channel.send(record, ring: service, wakes: true)
            let code = plugin.initialise(self)
            guard code == 0 else {
                throw plugin.failure(code, isSecond: false, mention: configuration.mention)
            }
            try plugin.beginSecurity()
            channel.send(.ready(code: 0, lines: []), ring: service, wakes: true)
            return true
        } catch {
            let code = error.exitCode == 0 ? ResultCode.unknown : error.exitCode
            channel.send(.ready(code: code, lines: error.lines), ring: service, wakes: true)
            return false
        }
    }

    // MARK: Questions

    private func answer(_ head: QuestionHead, _ body: QuestionBody) {
        let ring = min(Int(head.ring), channel.channel.layout.serviceRing)
        self.ring = ring
        let begun = channel.channel.answerWord(ChannelLayout.Answers.begun)
        begun.pointee.store(head.serial, ordering: .releasing)
        let start = lastEnd != 0 ? lastEnd : MonotonicTime.nanoseconds()
        if case .access(let kind, let message) = body, let callback = callback(head.callback) {
            let code = HelperQuestion.access(callback, identity(head), kind, message)
            let end = MonotonicTime.nanoseconds()
            lastEnd = end
            var isWritten = false
            if code == ResultCode.success {
                let plain = PlainAnswer(
                    serial: head.serial,
                    code: code,
                    nanoseconds: end - start
                )
                isWritten = channel.write(plain, ring: ring)
            }
            if !isWritten { send(Answer(code: code), head, start, end, ring) }
        } else {
            var answer = Answer(code: body.absence)
            if let callback = callback(head.callback) {
                answer = HelperQuestion(callback, identity(head), watch).answer(body)
            }
            let end = MonotonicTime.nanoseconds()
            lastEnd = end
            switch body {
            case .login, .exchange: isSecret = true
            default: break
            }
            send(answer, head, start, end, ring)
        }
        self.ring = nil
        announceIfOld()
        if lastEnd >= nextTickAt {
            // Without ticks, it is looked now and then whether there are some by now.
            if runTicks() == nil { nextTickAt = lastEnd + Self.tickLookNanoseconds }
            lastEnd = 0
        }
    }

    private func send(
        _ answer: Answer,
        _ head: QuestionHead,
        _ start: Int64,
        _ end: Int64,
        _ ring: Int
    ) {
        var answer = answer
        answer.nanoseconds = end - start
        if answer.code != ResultCode.success, answer.reason == nil, let plugin {
            answer.reason = Refusals.takeReason(of: plugin)
        }
        if channel.send(.answer(serial: head.serial, answer), ring: ring, wakes: false) {
            lastEnd = 0
        }
    }

    /// Has the readers of answers know of them when the first has waited long enough.
    private func announceIfOld() {
        if unannouncedSince == 0 {
            unannouncedSince = lastEnd
        } else if lastEnd - unannouncedSince > Self.announcementNanoseconds {
            unannouncedSince = 0
            channel.announce()
        }
    }

    @inline(__always)
    private func identity(_ head: QuestionHead) -> ClientIdentity? {
        if let last = lastClient, last.number == head.client {
            let count = Int(head.subscriptionCount)
            last.identity.subscriptionCount.store(count, ordering: .relaxed)
            return last.identity
        }
        guard let identity = clients[head.client] else { return nil }
        identity.subscriptionCount.store(Int(head.subscriptionCount), ordering: .relaxed)
        lastClient = (head.client, identity)
        return identity
    }

    @inline(__always)
    private func callback(_ number: UInt32) -> Callback? {
        let removals = callbacks.removals.load(ordering: .relaxed)
        if let last = lastCallback, last.number == number, last.removals == removals {
            return last.callback
        }
        guard let callback = callbacks[number] else { return nil }
        lastCallback = (number, removals, callback)
        return callback
    }
}

extension QuestionBody {
    /// What a callback that is no more counts as.
    fileprivate var absence: CInt {
        switch self {
        case .message, .filter: ResultCode.success
        default: ResultCode.pluginIgnore
        }
    }
}

extension PluginConfiguration {
    /// What a helper was told.
    fileprivate init(_ setup: PluginSetup) {
        self.init(name: setup.name, path: setup.path)
        symbols = setup.symbols.flatMap { Symbols(rawValue: $0) }
        denySpecialChars = setup.deniesSpecialCharacters
        file = setup.place.file
        line = Int(setup.place.line)
        options = setup.options.map { option in
            var result = Option(key: option.key, value: option.value)
            result.place = option.place.map { OptionPlace(file: $0.file, line: Int($0.line)) }
            return result
        }
    }
}
