// SPDX-License-Identifier: Apache-2.0
// Threads that make the long steps of handshakes, so that reactors need not.

import CLinux
import Glibc
import Synchronization

/// A step of a handshake that waits for a thread.
struct HandshakeJob: Sendable {
    let session: TLSSession
    /// What has arrived from the client.
    let input: [UInt8]
    /// Which connection of the reactor it is for.
    let ticket: UInt64
    /// Where the outcome goes.
    let inbox: HandshakeInbox
}

/// A step of a handshake that has been made.
struct HandshakeOutcome: Sendable {
    let step: TLSSession.Step
    /// What is to be sent to the client.
    let output: [UInt8]
    /// What the client sent beyond its handshake.
    let rest: [UInt8]
    let ticket: UInt64
}

/// Makes the steps of handshakes on threads of its own.
///
/// Only those that take long (see `TLSContext.isQuick`): a signature with a key of 4096 bits takes
/// five milliseconds, and on a reactor every other client would wait for it. Each step costs two
/// thread switches, so the short ones stay on the reactor. The threads give way to the reactors where
/// both want one processor.
package final class HandshakePool: Sendable {
    fileprivate enum Job {
        case handshake(HandshakeJob)
        case other(@Sendable () -> Void)
    }

    fileprivate struct State {
        var jobs: [Job] = []
        var first = 0
        var threads: [Thread] = []
        var isStopped = false
    }

    private let state = Mutex(State())
    private let semaphore: OwnedDescriptor
    private let threadCount: Int

    /// Makes a pool of at least one thread; they start with the first job.
    package init(threadCount: Int) throws(SystemError) {
        precondition(threadCount > 0, "somebody makes the steps")
        let fd = eventfd(0, CInt(EFD_CLOEXEC | EFD_SEMAPHORE))
        guard fd >= 0 else { throw SystemError("eventfd") }
        semaphore = OwnedDescriptor(fd)
        self.threadCount = threadCount
    }

    /// Queues a step; whoever made the job must not touch its session until the outcome is there.
    func submit(_ job: HandshakeJob) { submit(.handshake(job)) }

    /// Queues other work that would keep a reactor waiting.
    package func perform(_ work: @escaping @Sendable () -> Void) { submit(.other(work)) }

    private func submit(_ job: Job) {
        state.withLock { state in
            state.jobs.append(job)
            if state.threads.isEmpty, !state.isStopped { start(&state) }
        }
        post(1)
    }

    /// Ends the threads and waits for them; steps that are queued are not made.
    package func stop() {
        let threads = state.withLock { state in
            assert(!state.isStopped, "a pool is stopped once")
            state.isStopped = true
            defer { state.threads = [] }
            return state.threads
        }
        post(UInt64(threads.count))
        for thread in threads { thread.join() }
    }

    private func start(_ state: inout State) {
        assert(state.threads.isEmpty && !state.isStopped, "threads start once")
        for index in 0..<threadCount {
            // One thread is enough to go on; with none, handshakes end by their timeout.
            guard let thread = try? Thread(named: "handshake-\(index)", { [self] in work() }) else {
                return
            }
            state.threads.append(thread)
        }
    }

    private func post(_ count: UInt64) {
        guard count > 0 else { return }
        var count = count
        _ = retryingInterrupts { write(semaphore.rawValue, &count, 8) }
    }

    private func work() {
        Thread.lowerPriority()
        let pipe = TLSPipe(plaintextCapacity: 0)
        while true {
            var count: UInt64 = 0
            _ = retryingInterrupts { read(semaphore.rawValue, &count, 8) }
            let (job, isStopped) = state.withLock { ($0.take(), $0.isStopped) }
            if isStopped { return }
            switch job {
            case .handshake(let job): job.inbox.put(Self.make(job, pipe))
            case .other(let work): work()
            case nil: break
            }
        }
    }

    private static func make(_ job: HandshakeJob, _ pipe: TLSPipe) -> HandshakeOutcome {
        job.input.withUnsafeBytes { input in
            pipe.input = input
            pipe.clearOutput()
            let step = job.session.handshake(pipe)
            assert(pipe.input.count <= input.count, "no more is left than came")
            let outcome = HandshakeOutcome(
                step: step,
                output: [UInt8](pipe.output),
                rest: [UInt8](pipe.input),
                ticket: job.ticket
            )
            pipe.input = UnsafeRawBufferPointer(start: nil, count: 0)
            return outcome
        }
    }
}

extension HandshakePool.State {
    /// The oldest job.
    fileprivate mutating func take() -> HandshakePool.Job? {
        assert(first <= jobs.count, "what was taken had been put")
        guard first < jobs.count else { return nil }
        let job = jobs[first]
        first += 1
        if first == jobs.count {
            jobs.removeAll(keepingCapacity: jobs.capacity <= 1024)
            first = 0
        } else if first > 1024, first > jobs.count / 2 {
            jobs.removeFirst(first)
            first = 0
        }
        return job
    }
}
