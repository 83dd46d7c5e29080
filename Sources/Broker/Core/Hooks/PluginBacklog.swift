// SPDX-License-Identifier: Apache-2.0
// How far the workers are behind with what plugins publish.

import Glibc
import Net
import Synchronization

/// The bytes of publications that plugins have handed in and no worker has routed yet, and of those in
/// a `FanOutQueue` that no client waits for.
///
/// A plugin that publishes faster than the workers deliver is made to wait in its call. Only the plugin
/// thread and threads that plugins have made wait; a callback that runs on a reactor does not, since no
/// reactor waits for another. What that has published is on account of the client whose packets were
/// being handled, which is not read from while a worker is behind (`Worker.parkIfBehind`).
///
/// Invariant: the value under `key` is 0 on a thread that may wait, else 1 plus the number of
/// publications since `takePublished`; it is never followed as a pointer.
package final class PluginBacklog: Sendable {
    /// From here on plugins wait.
    private static let highMark = 32 << 20
    /// From here on they go on.
    private static let lowMark = 8 << 20
    /// About what a message takes beside its topic and payload.
    private static let overhead = 256
    /// Whoever has waited so often in vain goes on all the same: 10 s.
    private static let waitsMax = 100
    private static let waitMilliseconds: CInt = 100

    private let bytes = Atomic<Int>(0)
    private let isAwaited = Atomic<Bool>(false)
    private let waker: Waker
    private let key: pthread_key_t

    init() throws(SystemError) {
        waker = try Waker()
        var key = pthread_key_t()
        let result = pthread_key_create(&key, nil)
        guard result == 0 else { throw SystemError("pthread_key_create", code: result) }
        self.key = key
    }

    deinit { pthread_key_delete(key) }

    /// Bytes that wait.
    package var byteCount: Int { bytes.load(ordering: .relaxed) }

    /// Whether somebody waits until there is room.
    var hasWaiter: Bool { isAwaited.load(ordering: .sequentiallyConsistent) }

    /// What a publication counts.
    static func size(_ publication: PluginPublication) -> Int {
        publication.topic.count + publication.payload.count + overhead
    }

    /// The calling thread never waits.
    func exemptThread() { pthread_setspecific(key, UnsafeRawPointer(bitPattern: 1)) }

    /// A plugin publishes on the calling thread; whether that is one that never waits.
    func notePublished() -> Bool {
        let mark = Int(bitPattern: pthread_getspecific(key))
        guard mark > 0 else { return false }
        pthread_setspecific(key, UnsafeRawPointer(bitPattern: mark + 1))
        return true
    }

    /// Whether plugins have published on the calling thread, which never waits, since this was asked
    /// last.
    func takePublished() -> Bool {
        guard Int(bitPattern: pthread_getspecific(key)) > 1 else { return false }
        exemptThread()
        return true
    }

    /// A publication has been handed in.
    func add(_ count: Int) { bytes.add(count, ordering: .sequentiallyConsistent) }

    /// A publication has been routed.
    func remove(_ count: Int) {
        let rest = bytes.subtract(count, ordering: .sequentiallyConsistent).newValue
        assert(rest >= 0, "only what was handed in is routed")
        if rest < Self.lowMark, isAwaited.exchange(false, ordering: .sequentiallyConsistent) {
            waker.wake()
        }
    }

    /// Waits until there is room for more, unless the thread must not.
    package func waitForRoom() {
        guard byteCount > Self.highMark, pthread_getspecific(key) == nil else { return }
        // Several threads may wait, and one take the wake-up of another: each looks again.
        for _ in 0..<Self.waitsMax {
            waker.clear()
            isAwaited.store(true, ordering: .sequentiallyConsistent)
            guard bytes.load(ordering: .sequentiallyConsistent) > Self.lowMark else { return }
            waker.wait(milliseconds: Self.waitMilliseconds)
        }
    }
}
