// SPDX-License-Identifier: Apache-2.0
// A failed system call as a value.

import CLinux
import Glibc

/// A system call that failed, with its name and `errno`.
package struct SystemError: Error, CustomStringConvertible, Equatable {
    /// The name of the call, as in section 2 of the manual.
    package let call: String
    /// The value of `errno` after the call.
    package let code: CInt

    package init(_ call: String, code: CInt = errno) {
        self.call = call
        self.code = code
    }

    /// What the C library says of the error: `Address already in use`.
    package var reason: String { String(cString: strerror(code)) }

    package var description: String { "\(call): \(reason)" }
}

/// Repeats a system call for as long as a signal interrupts it.
@inline(__always)
package func retryingInterrupts<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
