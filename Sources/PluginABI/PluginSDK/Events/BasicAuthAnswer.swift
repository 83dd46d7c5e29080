// SPDX-License-Identifier: Apache-2.0
// What a plugin says to a user name and a password.

/// The decision about a client's user name and password.
public enum BasicAuthAnswer: Sendable, Equatable {
    /// Let it in; no other plugin is asked.
    case allow
    /// Refuse it as not authorised; no other plugin is asked.
    case deny
    /// Refuse it with a reason.
    case refuse(Refusal)
    /// Leave it to the others; if all do, a client with a user name is refused.
    case pass
    /// Take no part, as if this plugin were not loaded. In 2.0 the same as `pass`.
    case ignore
    /// The answer comes through the `DelayedAnswer` taken from the event.
    case delayed

    func code(host: HostFunctions) -> CInt {
        switch self {
        case .allow: ResultCode.success.rawValue
        case .deny: ResultCode.notAuthorized.rawValue
        case .refuse(let refusal):
            host.isAtLeast2_1 ? refusal.rawValue : ResultCode.notAuthorized.rawValue
        case .pass: ResultCode.pluginDefer.rawValue
        case .ignore: host.ignoreCode
        case .delayed:
            host.completeBasicAuth == nil
                ? ResultCode.notAuthorized.rawValue : ResultCode.authDelayed.rawValue
        }
    }
}
