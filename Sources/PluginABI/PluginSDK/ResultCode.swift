// SPDX-License-Identifier: Apache-2.0
// Result codes of the plugin interface, and the error the SDK's functions throw.

/// A `MOSQ_ERR_…` number of the plugin interface.
///
/// A plugin's initialiser may throw one to end start-up with that code and without a log line of the SDK's.
public struct ResultCode: RawRepresentable, Hashable, Sendable, Error {
    /// The number.
    public let rawValue: Int32

    /// Wraps any number.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// The answer comes later, through a delayed answer (2.1).
    public static let authDelayed = ResultCode(rawValue: -5)
    /// The client has exceeded a quota (2.1).
    public static let quotaExceeded = ResultCode(rawValue: -6)
    /// The exchange of an enhanced authentication goes on.
    public static let authContinue = ResultCode(rawValue: -4)
    /// No error.
    public static let success = ResultCode(rawValue: 0)
    /// Out of memory.
    public static let outOfMemory = ResultCode(rawValue: 1)
    /// A protocol error.
    public static let protocolError = ResultCode(rawValue: 2)
    /// Invalid input.
    public static let invalid = ResultCode(rawValue: 3)
    /// What was asked for does not exist.
    public static let notFound = ResultCode(rawValue: 6)
    /// This broker cannot do that.
    public static let notSupported = ResultCode(rawValue: 10)
    /// Authentication or authorisation failed.
    public static let notAuthorized = ResultCode(rawValue: 11)
    /// Access denied.
    public static let accessDenied = ResultCode(rawValue: 12)
    /// Some other failure.
    public static let unknown = ResultCode(rawValue: 13)
    /// A system call failed.
    public static let systemError = ResultCode(rawValue: 14)
    /// The plugin leaves the decision to the next one.
    public static let pluginDefer = ResultCode(rawValue: 17)
    /// A string is not valid UTF-8.
    public static let malformedUTF8 = ResultCode(rawValue: 18)
    /// The entry exists already.
    public static let alreadyExists = ResultCode(rawValue: 31)
    /// The plugin takes no part in the decision (2.1).
    public static let pluginIgnore = ResultCode(rawValue: 32)
    /// The client was disconnected by an administrator (2.1; 2.0 says 30).
    public static let administrativeAction = ResultCode(rawValue: 152)
}

/// A request to the broker that it refused.
public struct BrokerError: Error, Equatable, CustomStringConvertible {
    /// What the broker answered.
    public let code: ResultCode
    /// What was asked for, for people.
    public let operation: String

    /// Creates an error.
    public init(_ code: ResultCode, _ operation: String) {
        self.code = code
        self.operation = operation
    }

    /// The operation and the number.
    public var description: String { "\(operation) failed with code \(code.rawValue)" }
}

extension ResultCode {
    /// Throws unless this is success.
    func check(_ operation: @autoclosure () -> String) throws(BrokerError) {
        if self != .success { throw BrokerError(self, operation()) }
    }
}
