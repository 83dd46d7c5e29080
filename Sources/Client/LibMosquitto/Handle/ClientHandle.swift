// SPDX-License-Identifier: Apache-2.0
// What a `struct mosquitto` is.

import CMosquitto
import CommonLibrary
import Glibc
import MQTTClient
import Net
import Results
import Synchronization

/// What a `struct mosquitto` is: a client that any thread may use.
///
/// One lock guards everything; it is held while packets are read and written, never while a program's
/// function runs and never while a thread waits. Whoever runs a loop waits at the reactor's descriptor
/// without the lock, makes one turn with it, and tells the program afterwards what has happened.
final class ClientHandle: @unchecked Sendable {
    /// The thread of `mosquitto_loop_start`, if there is one.
    struct LoopThread {
        let thread: Thread
        let number: UInt64
    }

    private let gate = Mutex(())
    #if THREAD_SANITIZER
    /// The sanitizer does not know the lock; it knows this, which each owner reads first and writes last.
    private let ownerCount = Atomic<Int>(0)
    #endif
    private var session: ClientSession
    private var callbacks = ClientCallbacks()
    private var userData: UnsafeMutableRawPointer?
    /// The threads that are in functions of the program, each as often as it is in one.
    private var telling: [pthread_t] = []
    var loopThread: LoopThread?
    var threadCount: UInt64 = 0
    /// The last one that has ended.
    var endedThread: UInt64 = 0
    /// The same as the thread knows itself; nil when it has ended.
    var runningThread: pthread_t?
    /// Whether the thread is to end.
    var isStopping = false
    /// Loops that wait for something to do.
    private var waitingCount = 0
    /// Whether those have been woken and none has made a turn since.
    private var isWoken = false
    /// Whether the program has given the handle back.
    private(set) var isDestroyed = false

    init(_ settings: ClientSettings, _ userData: UnsafeMutableRawPointer?) {
        session = ClientSession(settings)
        self.userData = userData
    }

    /// The handle a program has given; nil for NULL.
    static func of(_ pointer: OpaquePointer?) -> ClientHandle? {
        pointer.map {
            Unmanaged<ClientHandle>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue()
        }
    }

    /// What the program holds.
    var pointer: OpaquePointer { OpaquePointer(Unmanaged.passUnretained(self).toOpaque()) }

    // MARK: The lock

    /// Calls `body` with the lock held.
    func locked<Result>(_ body: (ClientSession) -> Result) -> Result {
        gate.withLock { _ in
            #if THREAD_SANITIZER
            let owner = ownerCount.load(ordering: .acquiring)
            defer { ownerCount.store(owner + 1, ordering: .releasing) }
            #endif
            // The lock is what makes the session this thread's.
            nonisolated(unsafe) let result = body(session)
            return result
        }
    }

    /// Changes what the program has set.
    func set<Result>(_ body: (inout ClientSettings) -> Result) -> Result {
        locked { body(&$0.settings) }
    }

    /// Changes what is called.
    func setCallback(_ body: (inout ClientCallbacks) -> Void) {
        locked { session in
            body(&callbacks)
            session.wantsLog = callbacks.log != nil
            session.wantsProperties = callbacks.wantsProperties
            session.refreshTrace()
        }
    }

    /// What the program's functions get as `obj`.
    var object: UnsafeMutableRawPointer? {
        get { locked { _ in userData ?? UnsafeMutableRawPointer(pointer) } }
        set { locked { _ in userData = newValue } }
    }

    /// Whether this thread is in a function of the program.
    private var isTelling: Bool {
        !telling.isEmpty && telling.contains(pthread_self())
    }

    // MARK: Calls

    /// Calls `body` as a function of the interface does: what it sends leaves before this returns, unless
    /// the loop is somebody else's, and the program hears what concerns the call.
    func perform<Result>(_ body: (ClientSession) -> Result) -> Result {
        var own: [Notice] = []
        let result = locked { session in
            let result = body(session)
            // What is sent from a function of the program leaves when that has returned.
            guard !isTelling else { return result }
            if session.isThreaded { wakeLoop(session) } else { session.flush() }
            if !session.own.isEmpty { swap(&own, &session.own) }
            return result
        }
        if !own.isEmpty { tellAll(own) }
        return result
    }

    /// How often a program can go on by what it does in its functions before a call returns; the rest
    /// is told from a loop.
    private static let roundsMax = 100

    /// Calls the program's functions, sends what they have asked for, and tells the program what has come
    /// of that as well.
    func tellAll(_ first: [Notice]) {
        var notices = first
        var rounds = 0
        while !notices.isEmpty, rounds < Self.roundsMax {
            tell(notices)
            notices.removeAll(keepingCapacity: true)
            rounds += 1
            locked { session in
                guard !session.isThreaded, !isTelling else { return }
                session.flush(isInChain: true)
                swap(&notices, &session.own)
            }
        }
        let rest = notices
        locked { session in
            session.endChain()
            if !rest.isEmpty { session.notices.insert(contentsOf: rest, at: 0) }
        }
    }

    // MARK: Loops that wait

    /// Has a loop that waits look again; one that does not sees for itself.
    private func wakeLoop(_ session: ClientSession) {
        guard waitingCount > 0, !isWoken else { return }
        isWoken = true
        session.loop?.reactor.waker.wake()
    }

    /// Calls `body`, which says what to wait for, then waits for that until a time of the monotonic clock in
    /// milliseconds, and makes a turn; nil: there is nothing to wait for.
    func waitAndTurn(
        _ body: (ClientSession) -> (descriptor: CInt, deadline: Int64)?
    ) -> Bool {
        let place = locked { session in
            let place = body(session)
            if place != nil { waitingCount += 1 }
            return place
        }
        guard let place else { return false }
        if place.deadline > 0 { Self.wait(place.descriptor, until: place.deadline) }
        locked { session in
            waitingCount -= 1
            isWoken = false
            session.turn()
        }
        return true
    }

    /// Waits until a descriptor can be read, or until a time of the monotonic clock in milliseconds.
    private static func wait(_ descriptor: CInt, until deadline: Int64) {
        let now = Clock.monotonicMilliseconds()
        let milliseconds =
            deadline == .max ? 1000 : CInt(clamping: max(0, deadline - now))
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&entry, 1, milliseconds)
    }

    // MARK: Telling

    /// Calls the program's functions.
    private func tell(_ notices: [Notice]) {
        locked { _ in telling.append(pthread_self()) }
        for notice in notices {
            // Asked each time: the program may change its functions in one of them, or give the handle back.
            let place = locked { _ in
                isDestroyed ? nil : (callbacks, userData ?? UnsafeMutableRawPointer(pointer))
            }
            if let (callbacks, object) = place {
                let code = notice.tell(callbacks, pointer, object)
                if code != ResultCode.success { locked { $0.failAuthentication(code) } }
            }
            notice.free()
        }
        locked { _ in endTelling() }
    }

    private func endTelling() {
        guard let index = telling.lastIndex(of: pthread_self()) else { return }
        telling.remove(at: index)
    }

    /// Tells the program that a connection is about to be made.
    private func tellBeforeConnecting() {
        let (callback, object) = locked { _ in
            if callbacks.preConnect != nil { telling.append(pthread_self()) }
            return (callbacks.preConnect, userData ?? UnsafeMutableRawPointer(pointer))
        }
        guard let callback else { return }
        callback(pointer, object)
        locked { _ in endTelling() }
    }

    // MARK: Connecting

    /// Connects to where the handle was to connect last; waits until the socket is connected unless that is
    /// left to a loop.
    func reconnect(waits: Bool) -> Outcome {
        guard locked({ $0.settings.target != nil }) else {
            return Outcome(code: ResultCode.invalid)
        }
        tellBeforeConnecting()
        let began = perform { $0.connect() }
        guard began == .success, waits else { return began }
        var end: Outcome?
        while end == nil {
            _ = waitAndTurn { session in
                if session.isTransportOpen {
                    end = .success
                } else if !session.isUnderWay {
                    end = session.takeAttempt() ?? .success
                }
                return end == nil ? session.place(until: .max) : nil
            }
        }
        perform { _ in }
        return end ?? .success
    }

    // MARK: The end

    /// The program gives the handle back, or has it made anew with other settings.
    func reset(_ settings: ClientSettings?, _ userData: UnsafeMutableRawPointer?) {
        _ = stopThread()
        locked { session in
            session.close()
            self.session = ClientSession(
                settings ?? ClientSettings(clientIdentifier: nil, isCleanSession: true)
            )
            callbacks = ClientCallbacks()
            self.userData = userData
            isDestroyed = settings == nil
        }
    }
}
