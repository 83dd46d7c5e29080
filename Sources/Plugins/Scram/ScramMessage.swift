// SPDX-License-Identifier: Apache-2.0
// What the messages of a SCRAM client have in common (RFC 5802 section 7).

import Encoding
import PluginSDK

/// Why an exchange failed, in the words of RFC 5802 section 7.
enum ScramError: String, Error {
    case invalidEncoding = "invalid-encoding"
    case extensionsNotSupported = "extensions-not-supported"
    case invalidProof = "invalid-proof"
    case channelBindingsDontMatch = "channel-bindings-dont-match"
    case serverDoesSupportChannelBinding = "server-does-support-channel-binding"
    case channelBindingNotSupported = "channel-binding-not-supported"
    case unsupportedChannelBindingType = "unsupported-channel-binding-type"
    case invalidUsernameEncoding = "invalid-username-encoding"
    case noResources = "no-resources"
    case otherError = "other-error"
}

/// What the client says about channel binding, the first part of its first message.
enum ChannelBindingFlag: Equatable {
    /// It cannot.
    case unsupported
    /// It could and thinks the server cannot.
    case unused
    /// It binds, in this way.
    case required(type: String)
}

/// Passes over optional extensions, `x=value`; `m` stands for one that must be understood, and none is.
func checkExtensions(_ fields: ArraySlice<ArraySlice<UInt8>>) throws(ScramError) {
    for field in fields {
        guard let (name, value) = attribute(field), !value.isEmpty else { throw .invalidEncoding }
        if name == UInt8(ascii: "m") { throw .extensionsNotSupported }
    }
}

/// Splits `x=value`; the name is one letter.
func attribute(_ field: ArraySlice<UInt8>) -> (UInt8, ArraySlice<UInt8>)? {
    guard field.count >= 2, let name = field.first,
        field[field.startIndex + 1] == UInt8(ascii: "="),
        isLetter(name)
    else { return nil }
    return (name, field.dropFirst(2))
}

func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
}

/// Printable ASCII other than the comma, which nonces consist of.
func isPrintable(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) && byte != UInt8(ascii: ",")
}
