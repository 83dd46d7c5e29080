// SPDX-License-Identifier: Apache-2.0
// Why somebody was not let in, in words.

/// Why a login was not accepted, for the log.
enum LoginReason: String {
    case unknownUser = "unknown user"
    case noPassword = "no password"
    case wrongPassword = "wrong password"
    case disabled = "the client is disabled"
    case noStoredPassword = "the client has no password"
    /// Another client identifier than the one the client is tied to, as nothing else is left.
    case otherIdentifier = "not the client identifier this user must have"
}

extension Engine {
    /// Why a login was refused, or left to others, without its password being looked at.
    ///
    /// Looked up again: the way of a login does the same work for every name.
    func loginReason(of username: [UInt8], hasPassword: Bool) -> LoginReason {
        let client = username.withUnsafeBufferPointer { directory.client(named: $0) }
        guard let client else { return .unknownUser }
        if client.fields.isDisabled { return .disabled }
        guard hasPassword else { return .noPassword }
        return client.fields.password == nil ? .noStoredPassword : .otherIdentifier
    }
}
