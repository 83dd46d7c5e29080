// SPDX-License-Identifier: Apache-2.0
// What a plugin says to a step of enhanced authentication.

/// The decision about a step of enhanced authentication.
public enum ExtendedAuthAnswer: Sendable, Equatable {
    /// Authenticated; the data goes with CONNACK or AUTH.
    case success([UInt8] = [])
    /// Not yet: the data goes to the client in an AUTH packet.
    case challenge([UInt8])
    /// Refused as not authorised.
    case deny
    /// Refused as not authorised; the data goes with CONNACK, but not in the original broker.
    case denyTelling([UInt8])
    /// Not this plugin's method: leave it to the others.
    case pass
    /// Close the connection with another result code.
    case fail(ResultCode)
    /// The answer comes through the `DelayedExtendedAnswer` taken from the event.
    case delayed

    var code: CInt {
        switch self {
        case .success: ResultCode.success.rawValue
        case .challenge: ResultCode.authContinue.rawValue
        case .deny, .denyTelling: ResultCode.notAuthorized.rawValue
        case .pass: ResultCode.pluginDefer.rawValue
        case .fail(let code): code.rawValue
        case .delayed: ResultCode.authDelayed.rawValue
        }
    }

    var data: [UInt8] {
        switch self {
        case .success(let data), .challenge(let data), .denyTelling(let data): data
        case .deny, .pass, .fail, .delayed: []
        }
    }
}
