// SPDX-License-Identifier: Apache-2.0
// Result codes of the plugin interface, and the error the SDK's functions throw.

internal import Results

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
    public static let authDelayed = ResultCode(rawValue: Results.ResultCode.authDelayed)
    /// The client has exceeded a quota (2.1).
    public static let quotaExceeded = ResultCode(rawValue: Results.ResultCode.quotaExceeded)
    /// The exchange of an enhanced authentication goes on.
    public static let authContinue = ResultCode(rawValue: Results.ResultCode.authContinue)
    /// No error.
    public static let success = ResultCode(rawValue: Results.ResultCode.success)
    /// Out of memory.
    public static let outOfMemory = ResultCode(rawValue: Results.ResultCode.noMemory)
    /// A protocol error.
    public static let protocolError = ResultCode(rawValue: Results.ResultCode.protocolError)
    /// Invalid input.
    public static let invalid = ResultCode(rawValue: Results.ResultCode.invalid)
    /// What was asked for does not exist.
    public static let notFound = ResultCode(rawValue: Results.ResultCode.notFound)
    /// This broker cannot do that.
    public static let notSupported = ResultCode(rawValue: Results.ResultCode.notSupported)
    /// Authentication or authorisation failed.
    public static let notAuthorized = ResultCode(rawValue: Results.ResultCode.notAuthorized)
    /// Access denied.
    public static let accessDenied = ResultCode(rawValue: Results.ResultCode.accessDenied)
    /// Some other failure.
    public static let unknown = ResultCode(rawValue: Results.ResultCode.unknown)
    /// A system call failed.
    public static let systemError = ResultCode(rawValue: Results.ResultCode.systemError)
    /// The plugin leaves the decision to the next one.
    public static let pluginDefer = ResultCode(rawValue: Results.ResultCode.pluginDefer)
    /// A string is not valid UTF-8.
    public static let malformedUTF8 = ResultCode(rawValue: Results.ResultCode.malformedUTF8)
    /// The entry exists already.
    public static let alreadyExists = ResultCode(rawValue: Results.ResultCode.alreadyExists)
    /// The plugin takes no part in the decision (2.1).
    public static let pluginIgnore = ResultCode(rawValue: Results.ResultCode.pluginIgnore)
    /// The client was disconnected by an administrator (2.1; 2.0 says 30).
    public static let administrativeAction = ResultCode(
        rawValue: Results.ResultCode.administrativeAction
    )
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
