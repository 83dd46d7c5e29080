// SPDX-License-Identifier: Apache-2.0
// Signals of the process, which the broker shares with plugins and their runtimes.

import CBrokerShims
import CLinux
import Glibc

/// Signals of the process, which the broker shares with plugins and their runtimes.
///
/// The control thread reads them like a file while all threads block them; so it is known at every moment
/// whether one is on its way. But processes that plugins start would inherit a blocked mask, and runtimes
/// accept signals on threads of their own. So there is a handler as well: where a thread gets a signal, it
/// notes that, for the control thread to take.
///
/// ```
/// first thread, in code of plugins    have them in their mask as at the start
/// threads of plugins                  what they like
/// all others                          block the broker's signals
/// ```
package enum ProcessSignals {
    /// Takes these signals over, each number 1 to 64; `descriptor`, an eventfd, becomes readable when a
    /// thread has got one.
    ///
    /// Returns a descriptor that is readable while one is pending. SIGPIPE does nothing any more. Once per
    /// process, on its first thread, before there are others.
    package static func install(
        _ numbers: [CInt],
        waking descriptor: CInt
    ) throws(SystemError) -> CInt {
        assert(numbers.allSatisfy { 1...64 ~= $0 }, "a noted signal is a bit of a word")
        let code = broker_signals_install(numbers, numbers.count, descriptor)
        guard code == 0 else { throw SystemError("sigaction", code: code) }
        let pending = broker_signals_open()
        guard pending >= 0 else { throw SystemError("signalfd") }
        return pending
    }

    /// A signal that has come; nil for none.
    ///
    /// One thread does this, which blocks the signals.
    package static func takeNext() -> CInt? {
        let number = broker_signals_take()
        return number == 0 ? nil : number
    }

    /// Whether a signal is on its way to whoever takes it: noted, or pending.
    ///
    /// Pending ones are seen by threads that block the signal, as reactors do. Between the two lies a
    /// moment, if it is a thread with code of plugins that gets the signal.
    package static func isComing(_ number: CInt) -> Bool {
        var pending = sigset_t()
        if sigpending(&pending) == 0, sigismember(&pending, number) == 1 { return true }
        return broker_signals_are_noted(number)
    }

    /// The calling thread and those it starts do not get the signals.
    package static func block() { broker_signals_block() }

    /// The calling thread, and the processes that are started on it, have the broker's signals in their
    /// masks as at the start.
    package static func restoreMask() { broker_signals_restore_mask() }

    /// Takes back the signals for which somebody has installed a handler; that one is called as well
    /// from now on.
    ///
    /// On the plugin thread.
    package static func retake() { broker_signals_retake() }

    /// Nobody else's handlers are called any more: plugins end.
    package static func forgetOthers() { broker_signals_forget_others() }
}
