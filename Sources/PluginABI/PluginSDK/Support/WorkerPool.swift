// SPDX-License-Identifier: Apache-2.0
// Threads for work that takes too long for a callback, such as hashing a password.

internal import Glibc
internal import Synchronization

/// A few threads and a bounded queue.
///
/// The threads start with the first job, so that a broker may fork after it has loaded plugins. They take no
/// signals: those belong to the broker.
///
/// `@unchecked Sendable`: `state` is behind its mutex, the semaphore is made for several threads, the rest is constant.
package final class WorkerPool: @unchecked Sendable {
    package typealias Job = @Sendable () -> Void

    private struct State {
        var jobs: [Job] = []
        var head = 0
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
    package func submit(_ job: @escaping Job) -> Bool {
        let isQueued = state.withLock { state in
            guard !state.isStopping, state.jobs.count - state.head < jobsMax else { return false }
            if state.threads.count < threadsMax, let thread = startThread() {
                state.threads.append(thread)
            }
            guard !state.threads.isEmpty else { return false }
            state.jobs.append(job)
            return true
        }
        if isQueued { sem_post(semaphore) }
        return isQueued
    }

    /// Drops what waits and returns when no job runs any more.
    package func stop() {
        let threads = state.withLock { state in
            state.isStopping = true
            state.jobs = []
            state.head = 0
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

    /// Takes the oldest job; the array is compacted once half of it is used up.
    private static func next(_ state: inout State) -> Job? {
        guard state.head < state.jobs.count else { return nil }
        let job = state.jobs[state.head]
        state.head += 1
        if state.head * 2 >= state.jobs.count {
            state.jobs.removeFirst(state.head)
            state.head = 0
        }
        return job
    }
}
