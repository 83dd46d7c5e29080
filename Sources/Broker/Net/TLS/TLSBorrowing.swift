// SPDX-License-Identifier: Apache-2.0
// What a program that links the library hands over for TLS.

import COpenSSL

/// A context of OpenSSL that somebody else has made; a reference to it is held.
package final class BorrowedTLSContext: @unchecked Sendable {
    /// The context.
    package let pointer: OpaquePointer

    /// Takes a reference; nil where OpenSSL gives none.
    package init?(_ pointer: OpaquePointer) {
        guard SSL_CTX_up_ref(pointer) == 1 else { return nil }
        self.pointer = pointer
    }

    deinit { SSL_CTX_free(pointer) }
}

/// Who is asked for the password of a private key, in the form of OpenSSL.
package struct KeyPassword: @unchecked Sendable {
    /// Writes the password to a buffer of so many bytes and returns its length.
    package typealias Callback =
        @convention(c) (
            UnsafeMutablePointer<CChar>?, CInt, CInt, UnsafeMutableRawPointer?
        ) -> CInt

    let callback: Callback
    let userData: UnsafeMutableRawPointer?

    /// Names a callback and what it is called with.
    package init(_ callback: @escaping Callback, userData: UnsafeMutableRawPointer?) {
        self.callback = callback
        self.userData = userData
    }
}
