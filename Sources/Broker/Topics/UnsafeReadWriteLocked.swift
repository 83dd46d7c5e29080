// SPDX-License-Identifier: Apache-2.0
// The lock of the two trees that all reactors share: many readers, rare writers.

import Glibc

/// A value behind a read-write lock.
///
/// Waiting writers go before new readers, so that a stream of publishers cannot keep a subscriber
/// waiting. Readers must not take the lock again while they hold it.
///
/// Sendable because the value is reached only through `withRead` and `withWrite`, and the lock
/// has an address of its own that never changes.
@safe
final class UnsafeReadWriteLocked<State: ~Copyable>: @unchecked Sendable {
    private let lock: UnsafeMutablePointer<pthread_rwlock_t>
    /// In a block of its own: the lock excludes what the exclusivity checks of a class would check.
    private let state: UnsafeMutablePointer<State>

    /// Makes the lock, open, around a value.
    init(_ state: consuming State) {
        unsafe lock = .allocate(capacity: 1)
        unsafe self.state = .allocate(capacity: 1)
        unsafe self.state.initialize(to: state)
        var attributes = pthread_rwlockattr_t()
        unsafe pthread_rwlockattr_init(&attributes)
        unsafe pthread_rwlockattr_setkind_np(
            &attributes,
            CInt(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP)
        )
        let result = unsafe pthread_rwlock_init(lock, &attributes)
        precondition(result == 0, "a read-write lock could not be made")
        unsafe pthread_rwlockattr_destroy(&attributes)
    }

    deinit {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
        unsafe pthread_rwlock_destroy(lock)
        unsafe lock.deallocate()
    }

    /// Calls `body` while no writer is inside.
    func withRead<Result>(_ body: (borrowing State) -> Result) -> Result {
        let result = unsafe pthread_rwlock_rdlock(lock)
        precondition(result == 0, "the read lock was taken twice by one thread")
        defer { unsafe pthread_rwlock_unlock(lock) }
        return unsafe body(state.pointee)
    }

    /// Calls `body` while nobody else is inside.
    func withWrite<Result>(_ body: (inout State) -> Result) -> Result {
        let result = unsafe pthread_rwlock_wrlock(lock)
        precondition(result == 0, "the write lock was taken twice by one thread")
        defer { unsafe pthread_rwlock_unlock(lock) }
        return unsafe body(&state.pointee)
    }
}
