// SPDX-License-Identifier: Apache-2.0
// Why a CONNECT is refused, and what is answered.

/// A CONNECT that is refused; the connection ends.
package struct ConnectError: Error, Sendable {
    /// What the client is sent before its connection is closed.
    package enum Answer: Sendable, Equatable {
        /// Nothing.
        case close
        /// A CONNACK in the form of 3.1 and 3.1.1 with this code.
        case connackV3(ConnectReturnCode)
        /// A CONNACK in the form of 5.0.
        case connackV5(ReasonCode)
    }

    /// What the client is sent.
    package let answer: Answer
    /// What is wrong, for the log.
    package let detail: StaticString

    /// Makes an error.
    package init(answer: Answer, detail: StaticString) {
        self.answer = answer
        self.detail = detail
    }
}
