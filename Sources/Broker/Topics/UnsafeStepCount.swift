// SPDX-License-Identifier: Apache-2.0
// Counts what searches look at, so that tests can hold the cost of an operation.

import Glibc

/// The entries that searches in lists and tables have looked at, by thread; in debug builds only.
///
/// Invariant: the value under `key` is a count and never followed as a pointer.
@safe
package enum UnsafeStepCount {
    #if DEBUG
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let result = unsafe pthread_key_create(&key, nil)
        precondition(result == 0, "no key is left for a count")
        return key
    }()
    #endif

    /// So many steps since this thread began; 0 in release builds.
    package static var value: Int {
        #if DEBUG
        unsafe Int(bitPattern: pthread_getspecific(key))
        #else
        0
        #endif
    }

    /// Counts one step; nothing at all in release builds.
    @inline(__always)  // Must leave no trace in the loops it stands in.
    static func note() {
        #if DEBUG
        unsafe pthread_setspecific(key, UnsafeRawPointer(bitPattern: value + 1))
        #endif
    }
}
