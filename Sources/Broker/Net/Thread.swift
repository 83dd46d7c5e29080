// SPDX-License-Identifier: Apache-2.0
// Plain threads: the broker uses no executor and no tasks.

import CLinux
import Glibc

/// A named operating-system thread that runs one closure.
package struct Thread: Sendable {
    private let identifier: pthread_t

    /// Starts a thread.
    ///
    /// `name` shows in `top -H`; at most 15 bytes of it.
    package init(named name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        var identifier = pthread_t()
        let box = Unmanaged.passRetained(ThreadBody(name: name, run: body))
        let code = pthread_create(&identifier, nil, runThreadBody, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw SystemError("pthread_create", code: code)
        }
        self.identifier = identifier
    }

    /// Waits until the thread has ended.
    package func join() {
        _ = pthread_join(identifier, nil)
    }

    /// Lets the thread go: what it takes is given back when it ends, and nobody can wait for it.
    ///
    /// In place of `join`; a thread for which neither is called keeps its stack for ever.
    package func detach() {
        _ = pthread_detach(identifier)
    }

    /// Raises the niceness of the calling thread by five, on Linux of that thread alone: where
    /// processors are scarce, the threads that deliver messages get them first.
    package static func lowerPriority() {
        let which = CInt(PRIO_PROCESS.rawValue)
        errno = 0
        let niceness = getpriority(which, 0)
        guard niceness != -1 || errno == 0 else { return }
        _ = setpriority(which, 0, niceness + 5)
    }
}

private final class ThreadBody: Sendable {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
        self.name = name
        self.run = run
    }
}

private func runThreadBody(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let body = Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue()
    _ = pthread_setname_np(pthread_self(), String(body.name.prefix(15)))
    body.run()
    return nil
}
