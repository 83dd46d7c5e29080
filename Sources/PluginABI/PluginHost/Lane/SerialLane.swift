// SPDX-License-Identifier: Apache-2.0
// The plugin thread: what cannot be answered on a reactor waits here, first come, first served.

import CLinux
import Core
import Glibc
import Net
import Synchronization

/// One thing for the plugin thread to do.
enum LaneRequest: Sendable {
    /// A question whose answer goes to the worker that asked.
    case question(HookQuestion, QuestionID)
    /// The same, about a client that may leave before its turn comes.
    case login(HookQuestion, QuestionID)
    /// A client has connected.
    case connected(ClientIdentity)
    /// A connection has ended.
    case disconnected(ClientIdentity, code: Int32, isOffline: Bool)
    /// Anything else.
    case job(@Sendable () -> Void)
}

/// The queue before the plugin thread.
///
/// Any thread may enqueue; one thread runs.
final class SerialLane: Sendable {
    private struct Queue {
        var requests: [LaneRequest] = []
        /// Who waits for the answer to a login that has not come up.
        var logins: Set<QuestionID> = []
        var isStopping = false
        /// When the first of `requests` came, in nanoseconds.
        var firstAt: Int64 = 0
    }

    /// So many requests are more than a burst of clients leaves.
    private static let behindMin = 10_000

    private let queue = Mutex(Queue())
    /// Requests that wait or are being handled.
    private let count = Atomic<Int>(0)
    private let waker: Waker
    /// How long the first of each batch had waited.
    let waits = LaneWaits()

    init() throws(SystemError) {
        waker = try Waker()
    }

    /// Requests that wait or are being handled.
    var waitingCount: Int { count.load(ordering: .relaxed) }

    /// Whether very much waits.
    var isBehind: Bool { count.load(ordering: .relaxed) > Self.behindMin }

    /// Appends a request; only the one that finds the queue empty wakes the thread.
    func enqueue(_ request: LaneRequest) {
        count.add(1, ordering: .relaxed)
        let wasEmpty = queue.withLock { queue in
            queue.requests.append(request)
            return Self.noteIfFirst(&queue)
        }
        if wasEmpty { waker.wake() }
    }

    /// Appends the question of a client that is logging in.
    func enqueueLogin(_ question: HookQuestion, _ questionID: QuestionID) {
        count.add(1, ordering: .relaxed)
        let wasEmpty = queue.withLock { queue in
            queue.requests.append(.login(question, questionID))
            queue.logins.insert(questionID)
            return Self.noteIfFirst(&queue)
        }
        if wasEmpty { waker.wake() }
    }

    /// Whether the request that was appended is the first; only that one wakes the thread and reads the
    /// clock.
    private static func noteIfFirst(_ queue: inout Queue) -> Bool {
        guard queue.requests.count == 1 else { return false }
        queue.firstAt = Clock.monotonicNanoseconds()
        return true
    }

    /// The client has left: its login, if that has not come up yet, never does.
    func cancel(_ questionID: QuestionID) -> Bool {
        queue.withLock { $0.logins.remove(questionID) != nil }
    }

    /// The login of a client comes up; false when it has left.
    func begins(_ questionID: QuestionID) -> Bool { cancel(questionID) }

    /// Has the thread look at its deadlines again.
    func wake() { waker.wake() }

    /// Ends `run` once the queue is empty.
    func stop() {
        queue.withLock { $0.isStopping = true }
        waker.wake()
    }

    /// Serves until `stop`.
    ///
    /// `handle` gets each request, `pause` runs after each batch and says how many milliseconds
    /// may pass until it must run again; negative for any.
    func run(_ handle: (LaneRequest) -> Void, pause: () -> CInt) {
        while true {
            var firstAt: Int64 = 0
            let batch = queue.withLock { queue -> [LaneRequest]? in
                if queue.requests.isEmpty { return queue.isStopping ? nil : [] }
                let taken = queue.requests
                queue.requests = []
                firstAt = queue.firstAt
                return taken
            }
            guard let batch else { return }
            if !batch.isEmpty { waits.note(Clock.monotonicNanoseconds() - firstAt) }
            for request in batch {
                handle(request)
                count.subtract(1, ordering: .relaxed)
            }
            let wait = pause()
            if !batch.isEmpty { continue }
            var entry = pollfd(fd: waker.rawValue, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, wait) > 0 { waker.clear() }
        }
    }
}
