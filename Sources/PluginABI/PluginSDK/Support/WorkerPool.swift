// SPDX-License-Identifier: Apache-2.0
// Threads for work that takes too long for a callback, such as hashing a password.

internal import Glibc
internal import Synchronization

/// A few threads and a bounded queue.
///
/// Jobs may name the party they are done for: parties take turns, so that one with many jobs delays the others by no
/// more than one each.
///
/// The threads start with the first job, so that a broker may fork after it has loaded plugins. They take no
/// signals: those belong to the broker.
///
/// `@unchecked Sendable`: `state` is behind its mutex, the semaphore is made for several threads, the rest is constant.
package final class WorkerPool: @unchecked Sendable {
    package typealias Job = @Sendable () -> Void

    private struct State {
        /// What waits, by party.
        var jobs: [[UInt8]: [Job]] = [:]
        /// The parties that wait, each once, the next one first.
        var turns = TurnQueue()
        var count = 0
        var threads: [pthread_t] = []
        var isStopping = false
    }

    private let threadsMax: Int
    private let jobsMax: Int
    private let state = Mutex(State())
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    /// Creates a pool; `jobsMax` bounds what may wait.
    package init(threads: Int, jobsMax: Int) {
        threadsMax = threads
        self.jobsMax = jobsMax
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Queues a job; `false` if too many wait already or there is no thread to run it.
    package func submit(for party: [UInt8] = [], _ job: @escaping Job) -> Bool {
        let isQueued = state.withLock { state in
            guard !state.isStopping, state.count < jobsMax else { return false }
            if state.threads.count < threadsMax, let thread = startThread() {
                state.threads.append(thread)
            }
            guard !state.threads.isEmpty else { return false }
            state.jobs[party, default: []].append(job)
            if state.jobs[party]?.count == 1 { state.turns.append(party) }
            state.count += 1
            return true
        }
        if isQueued { sem_post(semaphore) }
        return isQueued
    }

    /// Drops what waits and returns when no job runs any more.
    package func stop() {
        let threads = state.withLock { state in
            state.isStopping = true
            state.jobs = [:]
            state.turns = TurnQueue()
            state.count = 0
            defer { state.threads = [] }
            return state.threads
        }
        for _ in threads { sem_post(semaphore) }
        for thread in threads { pthread_join(thread, nil) }
    }

    private func startThread() -> pthread_t? {
        var thread = pthread_t()
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<WorkerPool>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        guard code == 0 else {
            context.release()
            return nil
        }
        return thread
    }

    private func run() {
        while true {
            while sem_wait(semaphore) != 0 {}
            let (job, isStopping) = state.withLock { state in (Self.next(&state), state.isStopping)
            }
            if isStopping { return }
            job?()
        }
    }

    /// Takes the oldest job of the party whose turn it is.
    private static func next(_ state: inout State) -> Job? {
        guard let party = state.turns.removeFirst(), let job = state.jobs[party]?.removeFirst()
        else { return nil }
        state.count -= 1
        if state.jobs[party]?.isEmpty == true {
            state.jobs[party] = nil
        } else {
            state.turns.append(party)
        }
        return job
    }
}

/// First in, first out; the array is compacted once half of it is used up.
private struct TurnQueue {
    private var parties: [[UInt8]] = []
    private var head = 0

    mutating func append(_ party: [UInt8]) { parties.append(party) }

    mutating func removeFirst() -> [UInt8]? {
        guard head < parties.count else { return nil }
        let party = parties[head]
        head += 1
        if head * 2 >= parties.count {
            parties.removeFirst(head)
            head = 0
        }
        return party
    }
}
