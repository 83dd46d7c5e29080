// SPDX-License-Identifier: Apache-2.0
// The numbers the mosquitto programs end with and the texts that go with them.

import Results

/// The error numbers of the mosquitto programs, which are also their exit statuses.
package enum ErrorCode: Int32, Sendable {
    case success = 0
    case failure = 1
    case protocolError = 2
    case invalidInput = 3
    case connectionRefused = 5
    case connectionLost = 7
    case tls = 8
    case notSupported = 10
    case accessDenied = 12
    case unknown = 13
    case system = 14
    case lookup = 15
    case proxy = 16
    case timeout = 27

    /// The words that follow `Error:` when a program ends with this number.
    package var text: String {
        switch self {
        case .failure: "The request failed"
        case .system: "System error"
        default: "\(ResultCode.text(of: rawValue))"
        }
    }
}

/// The end of a program, with what to say on standard error before.
package struct ToolFailure: Error, Equatable {
    /// The lines to print, without the last newline.
    package var message: String
    /// The exit status.
    package var status: Int32

    /// Creates a failure that ends the program with `code`.
    package init(_ message: String, _ code: ErrorCode = .failure) {
        self.init(message, status: code.rawValue)
    }

    /// Creates a failure that ends the program with `status`.
    package init(_ message: String, status: Int32) {
        self.message = message
        self.status = status
    }
}
