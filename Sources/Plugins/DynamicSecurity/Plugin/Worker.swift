// SPDX-License-Identifier: Apache-2.0
// A thread for what must not delay the broker.

import Glibc
import Synchronization

/// A thread of its own that runs jobs one after the other, some of them later.
package final class Worker: Sendable {
    package typealias Job = @Sendable () -> Void

    private struct State {
        var jobs: [Job] = []
        var delayed: (deadline: Int, job: Job)?
        var isStopping = false
        var thread: pthread_t?
    }

    private let state = Mutex(State())
    /// Counts wake-ups; sem_t must not move, hence the allocation.
    private let wakeUp: SemaphoreBox

    /// `@unchecked Sendable`: POSIX semaphores are made for use by several threads; the memory is
    /// freed with the box, when no thread uses it any more.
    private final class SemaphoreBox: @unchecked Sendable {
        let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init() { sem_init(semaphore, 0, 0) }

        deinit {
            sem_destroy(semaphore)
            semaphore.deallocate()
        }
    }

    /// Makes a worker whose thread starts with its first job.
    package init() {
        wakeUp = SemaphoreBox()
    }

    /// Runs a job after those posted before.
    package func post(_ job: @escaping Job) {
        state.withLock { state in
            guard !state.isStopping else { return }
            state.jobs.append(job)
            start(&state)
        }
        sem_post(wakeUp.semaphore)
    }

    /// Runs a job once some time has passed, in place of one posted like this before.
    package func post(afterMilliseconds delay: Int, _ job: @escaping Job) {
        state.withLock { state in
            guard !state.isStopping else { return }
            state.delayed = (Worker.nowMilliseconds() + delay, job)
            start(&state)
        }
        sem_post(wakeUp.semaphore)
    }

    /// Finishes the jobs posted so far, drops the delayed one and ends the thread.
    package func stop() {
        let thread = state.withLock { state in
            state.isStopping = true
            state.delayed = nil
            defer { state.thread = nil }
            return state.thread
        }
        guard let thread else { return }
        sem_post(wakeUp.semaphore)
        pthread_join(thread, nil)
    }

    private func start(_ state: inout State) {
        guard state.thread == nil else { return }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        // Signals are the broker's business.
        var all = sigset_t()
        var old = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &old)
        let result = pthread_create(&thread, nil, Worker.main, context)
        pthread_sigmask(SIG_SETMASK, &old, nil)
        if result == 0 {
            state.thread = thread
        } else {
            Unmanaged<Worker>.fromOpaque(context).release()
        }
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? =
        { context in
            guard let context else { return nil }
            Unmanaged<Worker>.fromOpaque(context).takeRetainedValue().run()
            return nil
        }

    private enum Step {
        case run([Job])
        case wait(untilMilliseconds: Int?)
        case end
    }

    private func run() {
        while true {
            switch nextStep() {
            case .run(let jobs):
                for job in jobs { job() }
            case .wait(let deadline): wait(until: deadline)
            case .end: return
            }
        }
    }

    private func nextStep() -> Step {
        state.withLock { state in
            if !state.jobs.isEmpty {
                defer { state.jobs = [] }
                return .run(state.jobs)
            }
            if state.isStopping { return .end }
            guard let delayed = state.delayed else { return .wait(untilMilliseconds: nil) }
            guard delayed.deadline <= Worker.nowMilliseconds() else {
                return .wait(untilMilliseconds: delayed.deadline)
            }
            state.delayed = nil
            return .run([delayed.job])
        }
    }

    private func wait(until deadline: Int?) {
        guard let deadline else {
            sem_wait(wakeUp.semaphore)
            return
        }
        // The wait is in wall-clock time; when that jumps, the loop just looks again.
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let nanoseconds = time.tv_nsec + max(0, deadline - Worker.nowMilliseconds()) * 1_000_000
        time.tv_sec += nanoseconds / 1_000_000_000
        time.tv_nsec = nanoseconds % 1_000_000_000
        sem_timedwait(wakeUp.semaphore, &time)
    }

    private static func nowMilliseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
    }
}
