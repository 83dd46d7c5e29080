// SPDX-License-Identifier: Apache-2.0
// One thread sleeps until another has something for it.

import CLinux
import Glibc

/// Lets one thread sleep until another has something for it.
///
/// `@unchecked Sendable`: the flag is read and written under the lock beside it, and all three have
/// one address for as long as the object lives.
final class WakeSignal: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isRaised = false

    init() {
        lock.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(lock)
        condition.deallocate()
        lock.deallocate()
    }

    /// Wakes who waits, or lets the next wait end at once.
    func raise() {
        pthread_mutex_lock(lock)
        isRaised = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(lock)
    }

    /// Waits until it is raised, or until a time of the monotonic clock.
    func wait(until deadline: Int64?) {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        var time = timespec()
        if let deadline {
            time.tv_sec = Int(deadline / 1_000_000_000)
            time.tv_nsec = Int(deadline % 1_000_000_000)
        }
        while !isRaised {
            if deadline == nil {
                pthread_cond_wait(condition, lock)
            } else if pthread_cond_timedwait(condition, lock, &time) == ETIMEDOUT {
                break
            }
        }
        isRaised = false
    }
}
