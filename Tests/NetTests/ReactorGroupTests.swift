// SPDX-License-Identifier: Apache-2.0
// Reactors that share a thread and part again.

import Glibc
import Synchronization
import Testing

@testable import Net

@Suite("Groups of reactors")
struct ReactorGroupTests {
    @Test(
        "Reactors with little to do are served by the first one's thread, and part when it has no time"
    )
    func joinAndSplit() throws {
        let reactors = try RunningReactors(count: 3)
        try reactors.wakeAll { reactors.threads == [0, 0, 0] }
        reactors.setWork(microseconds: 10_000)
        try reactors.wakeAll { Set(reactors.threads).count > 1 }
        reactors.setWork(microseconds: 0)
        try reactors.wakeAll { reactors.threads == [0, 0, 0] }
        reactors.stop([0, 1, 2])
    }

    @Test(
        "Whoever is told to stop first, all end",
        arguments: [[0, 1, 2], [2, 1, 0], [1, 0, 2]]
    )
    func stop(order: [Int]) throws {
        let reactors = try RunningReactors(count: 3)
        try reactors.wakeAll { reactors.threads == [0, 0, 0] }
        reactors.stop(order)
    }

    @Test("Reactors of one thread know each other, and no longer when they have parted")
    func coScheduled() throws {
        let reactors = try RunningReactors(count: 3)
        try reactors.wakeAll { reactors.coScheduledCounts == [2, 2, 2] }
        reactors.setWork(microseconds: 10_000)
        try reactors.wakeAll { reactors.coScheduledCounts.contains(0) }
        reactors.stop([1, 0, 2])
    }

    @Test("A timer of a reactor without a thread fires though nothing else happens")
    func timer() throws {
        let reactors = try RunningReactors(count: 2)
        try reactors.wakeAll { reactors.threads == [0, 0] }
        #expect(reactors.ringAlarm(of: 1, inMilliseconds: 30))
        reactors.stop([0, 1])
    }
}

/// Reactors with a thread each.
private final class RunningReactors: Sendable {
    private let book: Book
    private let wakers: [Waker]
    private let running: [Thread]

    init(count: Int) throws {
        let wakers = try (0..<count).map { _ in try Waker() }
        let book = try Book(count: count)
        let group = ReactorGroup(reactorCount: count, waker: wakers[0])
        self.wakers = wakers
        self.book = book
        running = try wakers.indices.map { index in
            try Thread(named: "reactor-\(index)") {
                do throws(SystemError) {
                    let reactor = try Reactor(index: index, waker: wakers[index])
                    let keeper = Keeper(book, index)
                    reactor.delegate = keeper
                    try reactor.run(in: group)
                    reactor.delegate = nil
                } catch {
                    Issue.record(error)
                }
            }
        }
    }

    /// By reactor, the one on whose thread it was served last.
    var threads: [Int] { book.pages.withLock { $0.map(\.servedBy) } }
    /// By reactor, how many others it shares a thread with.
    var coScheduledCounts: [Int] { book.pages.withLock { $0.map(\.coScheduledCount) } }

    /// Sets what each wake-up takes.
    func setWork(microseconds: Int64) { book.work.store(microseconds, ordering: .relaxed) }

    /// Wakes all reactors again and again until something is true.
    func wakeAll(until isTrue: () -> Bool) throws {
        let end = Clock.monotonicMilliseconds() + 30_000
        while !isTrue() {
            try #require(Clock.monotonicMilliseconds() < end, "served by \(threads)")
            for waker in wakers { waker.wake() }
            book.served.wait(milliseconds: 1000)
            book.served.clear()
        }
    }

    /// Has a reactor note that it is time, and waits until it has.
    func ringAlarm(of index: Int, inMilliseconds delay: Int64) -> Bool {
        book.pages.withLock { $0[index].alarm = Clock.monotonicMilliseconds() + delay }
        wakers[index].wake()
        book.rung.wait(milliseconds: 10_000)
        return book.pages.withLock { $0[index].alarm == nil }
    }

    /// Stops the reactors in this order and waits for their threads.
    func stop(_ order: [Int]) {
        for index in order {
            book.pages.withLock { $0[index].isStopping = true }
            wakers[index].wake()
        }
        for thread in running { thread.join() }
    }
}

/// What is known of the reactors, for all threads.
private final class Book: Sendable {
    struct Page {
        /// The reactor's own thread.
        var thread: pthread_t?
        var servedBy = -1
        var coScheduledCount = 0
        var isStopping = false
        /// When the reactor is to have a turn, in milliseconds of the monotonic clock.
        var alarm: Int64?
    }

    let pages: Mutex<[Page]>
    /// Microseconds that each wake-up takes.
    let work = Atomic<Int64>(0)
    let served: Waker
    let rung: Waker

    init(count: Int) throws {
        pages = Mutex(Array(repeating: Page(), count: count))
        served = try Waker()
        rung = try Waker()
    }
}

/// Keeps the book of one reactor.
private final class Keeper: ReactorDelegate {
    private let book: Book
    private let index: Int

    init(_ book: Book, _ index: Int) {
        self.book = book
        self.index = index
        book.pages.withLock { $0[index].thread = pthread_self() }
    }

    func reactorWoken(_ reactor: Reactor) {
        let end = Clock.monotonicNanoseconds() + 1000 * book.work.load(ordering: .relaxed)
        while Clock.monotonicNanoseconds() < end {}
        let isStopping = book.pages.withLock { pages in
            pages[index].servedBy = pages.firstIndex { $0.thread == pthread_self() } ?? -1
            pages[index].coScheduledCount = pages.indices.count(where: reactor.isCoScheduled)
            return pages[index].isStopping
        }
        if isStopping { reactor.stop() }
        book.served.wake()
    }

    func reactorTurnEnding(_ reactor: Reactor) {
        let isTime = book.pages.withLock { pages in
            guard let alarm = pages[index].alarm, alarm <= reactor.now else { return false }
            pages[index].alarm = nil
            return true
        }
        if isTime { book.rung.wake() }
    }

    func reactorNextDeadline(_ reactor: Reactor) -> Int64? {
        book.pages.withLock { $0[index].alarm }
    }

    func reactor(
        _ reactor: Reactor,
        accepted descriptor: consuming OwnedDescriptor,
        from peer: PeerAddress,
        on listener: ListenerSocket
    ) {}

    func reactor(_ reactor: Reactor, descriptorsExhausted isExhausted: Bool) {}
}
