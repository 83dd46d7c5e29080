// SPDX-License-Identifier: Apache-2.0
// The plugin without the broker: logins, access checks and control messages.

import Glibc
import PluginSDK
import SafeFiles
import Synchronization

/// What the engine needs from its surroundings.
package struct Surroundings: Sendable {
    /// Writes a log line; any thread.
    package var log: @Sendable (LogLevel, String) -> Void
    /// Finds sessions; called where control messages are processed.
    package var sessions: SessionSource

    /// Names what the engine may call.
    package init(
        log: @escaping @Sendable (LogLevel, String) -> Void,
        sessions: @escaping SessionSource
    ) {
        self.log = log
        self.sessions = sessions
    }
}

/// What a login is answered with.
package enum LoginDecision: Sendable, Equatable {
    case allow
    case deny
    /// Not this plugin's client.
    case pass
}

/// What is known about a login before its password has been hashed.
package enum LoginStep: Sendable {
    case decided(LoginDecision)
    /// The password has to be compared with this client's hash, which takes its time.
    case verify(Client)
    /// It is decided, but must take as long: a comparison with this hash of somebody else's.
    case pretend(ByteString, LoginDecision)
}

/// The state on disk and in memory and everything that is done with it.
///
/// Control messages, password upgrades and compactions take the journal's lock, one at a time, and
/// may wait for the disk. Logins and access checks never do.
package final class Engine: Sendable {
    /// The data path.
    package let directory: AccessDirectory
    private let settings: Settings
    private let surroundings: Surroundings
    /// The writer's lock; taken before the state's.
    private let journal: Mutex<Journal>
    private let kicks = Mutex(Kicks())
    private let compactor = WorkerPool(threads: 1, jobsMax: 1)
    private let compaction = Mutex(CompactionState())
    private let recentLogins = RecentLogins()
    private let decoys: Mutex<Decoys>
    private let environment: CommandEnvironment
    /// Why changes are refused, if they are: the state was not loaded.
    package let refusal: String?

    private struct CompactionState {
        /// When the file is to be written again; nil while nothing is missing from it.
        var dueMilliseconds: Int?
        /// Grows with the time a compaction takes and with failures.
        var delayMilliseconds: Int
        var lastError: String?

        init(delayMilliseconds: Int = 0) {
            self.delayMilliseconds = delayMilliseconds
        }
    }

    /// Reads the state, or generates one where there is none.
    ///
    /// Never fails: without a usable file it knows no clients, says so by `refusal`, and leaves the file
    /// alone.
    package init(path: String, settings: Settings, surroundings: Surroundings) {
        self.settings = settings
        self.surroundings = surroundings
        let log = surroundings.log
        let loaded = Engine.load(path, settings: settings, log: log)
        refusal = loaded.refusal
        journal = Mutex(loaded.journal)
        directory = AccessDirectory(loaded.model)
        decoys = Mutex(Decoys(loaded.model))
        environment = CommandEnvironment(
            directory: directory,
            passwordIterations: settings.passwordIterations,
            sessions: surroundings.sessions
        )
        compaction.withLock { $0.delayMilliseconds = settings.compactionDelayMilliseconds }
        // Parsing leaves holes in the heap that nothing will fill.
        Heap.trim()
        if loaded.journal.hasChanges { scheduleCompaction() }
    }

    private struct Loaded {
        var model = Model()
        var journal: Journal
        var refusal: String?
    }

    private static func load(
        _ path: String,
        settings: Settings,
        log: @escaping (LogLevel, String) -> Void
    ) -> Loaded {
        var content = StateFile.read(path)
        if case .missing = content {
            let variable = getenv("MOSQUITTO_DYNSEC_PASSWORD").map { String(cString: $0) }
            let start = FirstStart(
                settings: settings,
                path: path,
                environmentPassword: variable,
                log: log
            )
            if start.generate() { content = StateFile.read(path) }
        }
        if case .loaded(var model, let digest) = content {
            let journal = Journal.recover(&model, from: path, base: digest, log: log)
            return Loaded(model: model, journal: journal)
        }
        let problem =
            StateFile.fault(of: content, at: path) ?? ("No such file or directory.", path)
        log(
            .error,
            "Error loading Dynamic security plugin config: \(problem.text) (\(problem.place))"
        )
        let refusal = "Config file not loaded: \(problem.text)"
        return Loaded(journal: Journal.empty(path), refusal: refusal)
    }

    /// Writes the state file if anything is missing from it, and ends the background work.
    package func close() {
        compactor.stop()
        if journal.withLock({ $0.hasChanges }) { compact() }
        journal.withLock { $0.finish() }
    }

    // MARK: - Control messages

    /// Runs a control message and returns the answer to publish; blocks until changes are on disk.
    package func control(_ message: Bytes, from requester: Requester) -> [UInt8] {
        var next: (Bytes, Requester)? = (message, requester)
        return control { body in
            guard let (message, requester) = next.take() else { return false }
            body(message, requester)
            return true
        }.first ?? []
    }

    /// Runs control messages as they come and returns their answers; all wait for the disk together.
    ///
    /// - Parameter takeNext: Passes the next message on; false when there is none.
    package func control(
        _ takeNext: (_ body: (Bytes, Requester) -> Void) -> Bool
    ) -> [[UInt8]] {
        var batches: [(batch: CommandBatch, requester: Requester)] = []
        journal.withLock { journal in
            let end = Engine.nowMilliseconds() + Engine.groupMilliseconds
            repeat {
                let isTaken = takeNext { message, requester in
                    var batch = CommandBatch(environment)
                    batch.run(message)
                    batches.append((batch, requester))
                }
                guard isTaken else { break }
            } while Engine.nowMilliseconds() < end
            let records = batches.flatMap(\.batch.records)
            guard !records.isEmpty else { return }
            if let error = save(records, to: &journal) {
                for index in batches.indices.reversed() { batches[index].batch.fail(error) }
            }
            assert(directory.read { $0.checkInvariants() } == nil)
            for (batch, _) in batches { directory.publish(batch.transaction) }
            let fresh = directory.read { Decoys($0) }
            decoys.withLock { $0 = fresh }
        }
        for (batch, requester) in batches {
            for reply in batch.replies { reply.log(requester, with: surroundings.log) }
            if !batch.kicks.isEmpty { kicks.withLock { $0.add(batch.kicks) } }
            if !batch.records.isEmpty { scheduleCompaction() }
        }
        return batches.map(\.batch.response)
    }

    /// How long messages are collected for one wait for the disk, once the first has been run.
    private static let groupMilliseconds = 2

    /// Puts changes on the disk; the text of what went wrong, or nil.
    private func save(_ records: [JournalRecord], to journal: inout Journal) -> String? {
        if let refusal { return refusal }
        do {
            try journal.append(records)
            return nil
        } catch {
            surroundings.log(.error, "dynsec: Error: Unable to save a change: \(error)")
            return "Unable to save the change: \(error.reason)"
        }
    }

    /// The clients to disconnect since the last call.
    package func takeKicks() -> Kicks {
        kicks.withLock { waiting in
            defer { waiting = Kicks() }
            return waiting
        }
    }

    // MARK: - Logins

    /// Decides a login as far as that is possible at once.
    ///
    /// Without a password there is nothing to be proven: clients that have proven their name in
    /// another way are shown like this, and those who may not come in are refused.
    package func beginLogin(username: Bytes?, password: Bytes?, clientID: Bytes) -> LoginStep {
        guard let username else { return .decided(.pass) }
        let client = directory.client(named: username)
        let isBarred = client.map { !Engine.mayEnter($0, clientID: clientID) } ?? false
        guard let password else { return .decided(isBarred ? .deny : .pass) }
        // An empty password never logs in, whatever is stored.
        if password.isEmpty { return .decided(client == nil ? .pass : .deny) }
        guard let client else { return pretend(.pass, username) }
        guard !isBarred, client.fields.password != nil else { return pretend(.deny, username) }
        return recentLogins.has(password, for: client) ? .decided(.allow) : .verify(client)
    }

    /// Whether a client may come in once it has proven its name.
    private static func mayEnter(_ client: Client, clientID: Bytes) -> Bool {
        guard !client.fields.isDisabled else { return false }
        guard let expected = client.fields.clientID else { return true }
        return expected.bytes.withUnsafeBufferPointer { equalBytes($0, clientID) }
    }

    /// A decision that takes as long as one about a password.
    private func pretend(_ decision: LoginDecision, _ username: Bytes) -> LoginStep {
        guard let decoy = decoys.withLock({ $0.hash(for: username) }) else {
            return .decided(decision)
        }
        return .pretend(decoy, decision)
    }

    /// Finishes a login that only has to take its time.
    package func finishPretence(
        _ decoy: ByteString,
        password: ByteString,
        _ decision: LoginDecision
    ) -> LoginDecision {
        _ = StoredPassword.verify(password, against: decoy)
        return decision
    }

    /// Finishes a login that needs a hash.
    package func finishLogin(of client: Client, password: ByteString) -> LoginDecision {
        guard let encoded = client.fields.password,
            StoredPassword.verify(password, against: encoded)
        else {
            return .deny
        }
        // The account may have changed while the password was being hashed.
        let current = client.username.bytes.withUnsafeBufferPointer { directory.client(named: $0) }
        guard let current, !current.fields.isDisabled, current.fields.password == encoded else {
            return .deny
        }
        recentLogins.add(password, for: current)
        if settings.upgradesPasswords,
            StoredPassword.isWeaker(encoded, than: settings.passwordIterations)
        {
            upgrade(current, password)
        }
        return .allow
    }

    private func upgrade(_ client: Client, _ password: ByteString) {
        guard let hash = StoredPassword.make(password, iterations: settings.passwordIterations)
        else {
            return
        }
        let username = client.username
        let result: String? = journal.withLock { journal in
            // Not if somebody else has changed the client since.
            guard let current = directory.read({ $0.clients[username] }), current === client else {
                return nil
            }
            let change = Change.putClient(client.changing { $0.password = hash })
            let (applied, index) = directory.write { model in
                var transaction = Transaction()
                transaction.apply(change, to: &model)
                return (transaction, model.changeIndex)
            }
            let error = save([JournalRecord(changeIndex: index, changes: [change])], to: &journal)
            if error != nil {
                directory.write { model in
                    var transaction = applied
                    transaction.rollBack(&model)
                }
            }
            directory.publish(applied)
            return error.map { "error: \($0)" } ?? "success"
        }
        guard let result else { return }
        surroundings.log(
            .info,
            "dynsec: upgraded password hash | username=\(username.forLog) | result=\(result)"
        )
        scheduleCompaction()
    }

    // MARK: - Compaction

    private func scheduleCompaction() {
        compaction.withLock { state in
            guard state.dueMilliseconds == nil else { return }
            state.dueMilliseconds = Engine.nowMilliseconds() + state.delayMilliseconds
        }
    }

    /// Starts what is due in the background; to be called a few times a second.
    package func tick() {
        let isDue = compaction.withLock { state in
            guard let due = state.dueMilliseconds, due <= Engine.nowMilliseconds() else {
                return false
            }
            state.dueMilliseconds = nil
            return true
        }
        guard isDue else { return }
        if !compactor.submit({ [self] in compactInBackground() }) { scheduleCompaction() }
    }

    private func compactInBackground() {
        // On Linux the niceness of this thread alone: whoever delivers messages goes first.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        let start = Engine.nowMilliseconds()
        let isDone = compact()
        let duration = Engine.nowMilliseconds() - start
        compaction.withLock { state in
            // At most a twentieth of the time is spent on rewriting a large file.
            let usual = max(settings.compactionDelayMilliseconds, duration * 20)
            state.delayMilliseconds =
                isDone ? usual : min(60_000, max(1_000, state.delayMilliseconds * 2))
        }
        if journal.withLock({ $0.hasChanges }) { scheduleCompaction() }
    }

    /// Writes the state file and shortens the journal; false when that failed.
    @discardableResult
    package func compact() -> Bool {
        let (state, mark, path) = journal.withLock {
            (directory.read { SavedState($0) }, $0.mark, $0.statePath)
        }
        do throws(FileError) {
            let temporary = path + ".new"
            let digest = try StateFile.write(state, to: temporary)
            try withJournal { journal throws(FileError) in
                try journal.announce(digest, at: mark)
            }
            try File.rename(temporary, to: path)
            let isWorthShortening = journal.withLock { journal in
                journal.rebase(on: digest, at: mark)
                return journal.isWorthShortening
            }
            if isWorthShortening { try shortenJournal(at: mark) }
            compaction.withLock { $0.lastError = nil }
            return true
        } catch {
            let text = error.description
            let isNew = compaction.withLock { state in
                defer { state.lastError = text }
                return state.lastError != text
            }
            if isNew {
                surroundings.log(
                    .error,
                    "dynsec: Error: Unable to write the config file, changes stay in the journal: \(text)"
                )
            }
            return false
        }
    }

    /// Writes the journal anew without what is before a mark.
    ///
    /// Changes go on while the new one is made; they wait only while what they added meanwhile is copied and the
    /// new one gets its name.
    private func shortenJournal(at mark: Journal.Mark) throws(FileError) {
        let temporary = journal.withLock { $0.path } + ".new"
        let (text, covered) = try withJournal { journal throws(FileError) in
            try journal.beginShortening(at: mark)
        }
        let new = try JournalFile(creating: temporary, content: text)
        try withJournal { journal throws(FileError) in
            try journal.finishShortening(with: new, from: temporary, covered: covered)
        }
    }

    /// Runs the closure with the journal; `Mutex` itself does not pass typed errors on.
    private func withJournal<Value: Sendable>(
        _ body: (inout Journal) throws(FileError) -> Value
    ) throws(FileError) -> Value {
        let result = journal.withLock { journal in
            Result { () throws(FileError) in try body(&journal) }
        }
        return try result.get()
    }

    private static func nowMilliseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
    }
}
