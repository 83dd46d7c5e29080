// SPDX-License-Identifier: Apache-2.0
// One plugin in a process of its own, as the keeper looks after it.

import Config
import Core
import Glibc
import Isolation
import Log
import Net
import Results
import Synchronization

/// One plugin in a process of its own, as the keeper looks after it; on the keeper's thread alone.
final class Ward {
    /// How far the process is.
    private enum Phase {
        /// The next one is started at this time.
        case waiting(until: Int64)
        /// The plugin is being set up.
        case starting
        /// It answers.
        case running
        /// It has too much memory and ends when it has answered what it was asked.
        case retiring
        /// It has been told to end, and is ended at this time.
        case stopping(until: Int64)
        /// It has hung, has been asked for a core file, and is ended at this time.
        case dumping(until: Int64)
        /// It is gone for good.
        case over
    }

    let plugin: LoadedPlugin
    private let isolated: IsolatedPlugin
    private let host: PluginHost
    private let executable: CInt
    /// Who waits for the first process; nil once that is set up.
    private var start: PluginStart?
    private var stopping: Waker?
    private var process: HelperProcess?
    private var phase = Phase.waiting(until: .min)
    private var policy = RestartPolicy()
    private var output = HelperOutput()
    private var failureLines: [String] = []
    /// Why the keeper has ended the process itself.
    private var causeOfEnd: String?
    /// Since when the process answers.
    private var readyAt: Int64?
    /// Since when nobody answers.
    private var downSince: Int64?
    private var progress = IsolatedPlugin.Progress()
    private var progressAt: Int64 = 0
    private var registrations = RemoteRegistrations()
    private var memoryAt: Int64 = 0

    /// Milliseconds that a plugin has to end.
    private static let stopMilliseconds: Int64 = 5000
    /// Milliseconds that the system has to write a core file.
    private static let coreMilliseconds: Int64 = 1000
    /// Milliseconds after which it is looked again how far a process has come, at most.
    private static let lookMilliseconds: Int64 = 1000
    /// Reads of what a process writes, at a time.
    private static let readsMax = 8
    /// How many times longer than a callback the plugin may take to be set up.
    private static let startFactor: Int64 = 6

    init(
        _ plugin: LoadedPlugin,
        _ isolated: IsolatedPlugin,
        _ host: PluginHost,
        _ start: PluginStart,
        executable: CInt
    ) {
        self.plugin = plugin
        self.isolated = isolated
        self.host = host
        self.start = start
        self.executable = executable
    }

    /// Whether nothing is left to be looked after.
    var isOver: Bool { if case .over = phase { true } else { false } }

    /// What to wait for.
    var descriptors: [CInt] {
        guard process != nil else { return [] }
        return [process?.end, process?.output].compactMap { $0 }
    }

    private var timeout: Int64 { Int64(isolated.configuration.isolation.timeoutSeconds) * 1000 }

    /// The plugin is to be ended.
    func stop(_ done: Waker) {
        stopping = done
        guard process != nil else { return conclude() }
        isolated.sendStop()
        phase = .stopping(until: MonotonicTime.milliseconds() + Self.stopMilliseconds)
    }

    private func conclude() {
        phase = .over
        stopping?.wake()
    }

    /// Does what is to be done at a time; returns when there is something again, at the latest.
    func look(_ now: Int64) -> Int64 {
        if case .waiting(let until) = phase, until <= now { begin(now) }
        serve()
        readOutput(now)
        if let end = process?.takeLeave() { bury(end, now) }
        var due = judge(now)
        if let downSince {
            let over = downSince + Int64(isolated.configuration.isolation.restartWaitSeconds) * 1000
            // One that is about to end still answers what it was asked.
            let isAnswering = if case .retiring = phase { true } else { false }
            if over > now { due = min(due, over) } else if !isAnswering { isolated.fail() }
        }
        return due
    }

    // MARK: Beginning

    private func begin(_ now: Int64) {
        assert(process == nil, "one process at a time")
        failureLines = []
        causeOfEnd = nil
        readyAt = nil
        registrations.begin()
        do throws(SystemError) {
            let memory = try HelperMemory(workerCount: isolated.workerCount)
            isolated.begin(
                memory,
                setup: host.setup(of: isolated.configuration),
                logTypes: host.logTypes
            )
            process = try HelperProcess(
                executable: executable,
                memory: memory,
                wakers: host.readerWakers,
                title: isolated.configuration.path
            )
            phase = .starting
            progressAt = now
            isolated.figures.pid.store(Int(process?.pid ?? 0), ordering: .relaxed)
            if start == nil { isolated.figures.restarts.add(1, ordering: .relaxed) }
        } catch {
            _ = isolated.takeDeath(isCondemned: false)
            failureLines = [
                "Error: Unable to start a process for plugin \(plugin.displayName): \(error)"
            ]
            fall(now)
        }
    }

    private func becomeReady(_ now: Int64) {
        let isFirst = start != nil
        registrations.settle(plugin, host)
        let mark = isolated.lastSerial
        isolated.becomeReady(isFirst ? [] : host.connects(of: plugin), since: mark)
        phase = .running
        progressAt = now
        readyAt = now
        isolated.figures.isRunning.store(true, ordering: .relaxed)
        if downSince != nil, let pid = process?.pid {
            host.log.notice("Plugin \(plugin.displayName) runs again, in process \(pid).")
        }
        downSince = nil
        start?.conclude(nil)
        start = nil
    }

    // MARK: Serving

    /// Does what the process has told and asked outside of questions of clients.
    private func serve() {
        guard !host.isBehindWithPublications else { return }
        var items = UnsafeQueue<HelperItem>()
        isolated.collect(isolated.serviceRing, into: &items)
        while let item = items.removeFirst() {
            switch item {
            case .ready(let code, let lines):
                guard case .starting = phase else {
                    isolated.note(Nonsense.place)
                    continue
                }
                if code == ResultCode.success {
                    becomeReady(MonotonicTime.milliseconds())
                } else {
                    failureLines = lines
                    failureCode = code
                    process?.signal(SIGKILL)
                }
            case .told(.registered(let event, let number)):
                registrations.add(event, number, plugin, host)
            case .told(.unregistered(let number)): registrations.remove(number, plugin, host)
            case .request(.control(let topic, let number)):
                let code = registrations.control(topic, number, plugin, host)
                isolated.reply(Reply(code: code))
            case .request(.persistence(let event)):
                let code = PluginEvent(rawValue: event).map { host.refusePersistence(plugin, $0) }
                isolated.reply(Reply(code: code ?? ResultCode.notSupported))
            case .request(let request): host.serve(request, of: isolated)
            default: host.take(item, of: plugin)
            }
        }
        isolated.pump()
    }

    private var failureCode = ResultCode.unknown

    // MARK: Ending

    private func readOutput(_ now: Int64) {
        // One that writes without end keeps nobody else from being looked after.
        for _ in 0..<Self.readsMax {
            guard let bytes = process?.readOutput(), !bytes.isEmpty else { return }
            for line in output.take(bytes, now: now) { logOutput(line) }
        }
    }

    private func logOutput(_ line: String) {
        host.log.notice("Plugin \(plugin.displayName): \(line)")
    }

    /// The process has ended.
    private func bury(_ end: String, _ now: Int64) {
        readOutput(now)
        for line in output.end() { logOutput(line) }
        let pid = process?.pid ?? 0
        process = nil
        isolated.figures.isRunning.store(false, ordering: .relaxed)
        isolated.figures.pid.store(0, ordering: .relaxed)
        serve()
        let isCondemned = if case .dumping = phase { true } else { false }
        let blamed = isolated.takeDeath(isCondemned: isCondemned)
        serve()
        host.abandonDelayed(of: plugin)
        let words = output.lastWords
        output = HelperOutput()
        if stopping != nil { return conclude() }
        if start != nil || !failureLines.isEmpty { return fall(now) }
        let wait = policy.waitAfterDeath(answeredFor: readyAt.map { now - $0 })
        var reason = "process \(pid) \(causeOfEnd ?? end)"
        if let blamed { reason += ", \(blamed.circumstances)" }
        isolated.figures.noteEnd(reason, wait: wait)
        var line = "Error: Plugin \(plugin.displayName): its \(reason)"
        line += ". It is started again" + (wait == 0 ? "." : " in \(wait) ms.")
        if !words.isEmpty { line += " Its last words: \(words)" }
        host.log.error(line)
        if downSince == nil { downSince = now }
        phase = .waiting(until: now + wait)
    }

    /// The plugin could not be set up: the broker does not start with it, and one that has run before is
    /// tried again.
    private func fall(_ now: Int64) {
        if failureLines.isEmpty {
            let why = causeOfEnd ?? "ended before it was set up"
            failureLines = ["Error: The process of plugin \(isolated.configuration.path) \(why)."]
        }
        guard let start else {
            let wait = policy.waitAfterDeath(answeredFor: nil)
            isolated.figures.noteEnd(failureLines.joined(separator: " "), wait: wait)
            for line in failureLines { host.log.error(line) }
            host.log.error(
                "Error: Plugin \(plugin.displayName) cannot be started again; next try in \(wait) ms."
            )
            phase = .waiting(until: now + wait)
            return
        }
        self.start = nil
        phase = .over
        start.conclude(PluginHost.LoadError(lines: failureLines, exitCode: failureCode))
    }

    // MARK: Judging

    /// Ends a process that hangs or writes nonsense; returns when to look again.
    private func judge(_ now: Int64) -> Int64 {
        guard process != nil else {
            if case .waiting(let until) = phase { return until }
            return .max
        }
        if let nonsense = isolated.nonsense, causeOfEnd == nil {
            condemn("has written nonsense (\(nonsense.what)) and was ended", SIGKILL, now)
        }
        switch phase {
        case .starting:
            return judge(now, limit: timeout * Self.startFactor, "was not set up in time")
        case .running, .retiring:
            if case .running = phase { weigh(now) }
            let latest = isolated.progress()
            if latest != progress || !latest.isWaiting {
                progress = latest
                progressAt = now
            }
            // Nobody says when a question comes up, so it is looked now and then.
            let next = now + min(Self.lookMilliseconds, timeout / 4)
            guard latest.isWaiting else { return next }
            return min(next, judge(now, limit: timeout, "did not answer in time"))
        case .stopping(let until), .dumping(let until):
            if until <= now { process?.signal(SIGKILL) }
            return until <= now ? .max : until
        case .waiting, .over: return .max
        }
    }

    /// Looks once a second how much memory the process has; one that has too much is replaced.
    private func weigh(_ now: Int64) {
        guard now - memoryAt >= Self.lookMilliseconds, let bytes = process?.memoryBytes else {
            return
        }
        memoryAt = now
        isolated.figures.memoryBytes.store(bytes, ordering: .relaxed)
        let limit = isolated.configuration.isolation.memoryMax
        guard limit > 0, bytes > limit else { return }
        causeOfEnd = "had \(bytes) bytes of memory, more than plugin_memory_limit, and was ended"
        phase = .retiring
        progressAt = now
        downSince = now
        isolated.retire()
    }

    private func judge(_ now: Int64, limit: Int64, _ what: String) -> Int64 {
        guard now - progressAt >= limit else { return progressAt + limit }
        // Whoever looks at it with a debugger may take his time.
        if process?.isTraced == true {
            progressAt = now
            return now + limit
        }
        condemn("\(what) and was ended", SIGABRT, now)
        return now + Self.coreMilliseconds
    }

    private func condemn(_ causeOfEnd: String, _ signal: CInt, _ now: Int64) {
        self.causeOfEnd = causeOfEnd
        process?.signal(signal)
        phase = .dumping(until: now + Self.coreMilliseconds)
    }
}

extension Asked {
    /// What a process was at when it ended, for the log.
    fileprivate var circumstances: String {
        let client = client.map { " about \($0.logName)" } ?? ""
        return "in a '\(callback.event.name)' callback\(client)"
    }
}
