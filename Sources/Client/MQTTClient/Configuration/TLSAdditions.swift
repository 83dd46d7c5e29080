// SPDX-License-Identifier: Apache-2.0
// What the library for C can say about TLS besides.

package import Net

/// What the library for C can say about TLS besides `MQTTTLS`.
package struct TLSAdditions: Sendable {
    /// Who is asked for the password of the private key; nil: the terminal.
    package var keyPassword: KeyPassword?
    /// Whether the server must show that its authority still vouches for its certificate.
    package var requiresStatus = false
    /// A context to use in place of a fresh one.
    package var borrowed: BorrowedTLSContext?
    /// Whether the other settings are applied to that context.
    package var changesBorrowed = true

    /// Nothing.
    package init() {}
}
