// SPDX-License-Identifier: Apache-2.0
// The client's two messages (RFC 5802 section 7), taken apart.

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

/// The message `client-first-message`.
///
///     n,a=admin,n=user=2Cname,r=fyko+d2lbbFgONRv9qkxdawL,ext=1
///     |---------|---------------------------------------------
///     gs2-header client-first-message-bare
struct ClientFirstMessage: Equatable {
    let flag: ChannelBindingFlag
    /// Whether the identity to act as is the proved one, or not named.
    let isActingAsItself: Bool
    let user: [UInt8]
    let nonce: [UInt8]
    let header: [UInt8]
    let bare: [UInt8]

    private static let nonceLengthMax = 1024

    /// Parses the message; `check` judges the flag as soon as it is known.
    init(
        parsing message: [UInt8],
        checking check: (ChannelBindingFlag) throws(ScramError) -> Void = { _ in }
    ) throws(ScramError) {
        let fields = message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard !message.contains(0), message.last != UInt8(ascii: ","), fields.count >= 2 else {
            throw .invalidEncoding
        }
        flag = try Self.flag(fields[0])
        try check(flag)
        guard fields.count >= 3 else { throw .invalidEncoding }
        var identity: ArraySlice<UInt8>?
        if !fields[1].isEmpty {
            guard case (UInt8(ascii: "a"), let name)? = attribute(fields[1]), !name.isEmpty else {
                throw .invalidEncoding
            }
            identity = name
        }
        header = Array(message[..<fields[2].startIndex])
        bare = Array(message[fields[2].startIndex...])
        // A mandatory extension nobody here understands.
        if case (UInt8(ascii: "m"), _)? = attribute(fields[2]) { throw .extensionsNotSupported }
        guard fields.count >= 4, case (UInt8(ascii: "n"), let name)? = attribute(fields[2]),
            case (UInt8(ascii: "r"), let nonce)? = attribute(fields[3]),
            (1...Self.nonceLengthMax).contains(nonce.count), nonce.allSatisfy(isPrintable)
        else { throw .invalidEncoding }
        self.nonce = Array(nonce)
        try checkExtensions(fields[4...])
        guard let user = Self.name(name) else { throw .invalidUsernameEncoding }
        self.user = user
        isActingAsItself = identity.map { Self.name($0) == user } ?? true
    }

    private static func flag(_ field: ArraySlice<UInt8>) throws(ScramError) -> ChannelBindingFlag {
        if field.elementsEqual("n".utf8) { return .unsupported }
        if field.elementsEqual("y".utf8) { return .unused }
        guard case (UInt8(ascii: "p"), let type)? = attribute(field), !type.isEmpty else {
            throw .invalidEncoding
        }
        return .required(type: String(decoding: type, as: UTF8.self))
    }

    /// Decodes `=2C` and `=3D`, the only escapes there are, and prepares the name.
    private static func name(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var name: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                name.append(byte)
                continue
            }
            if rest.starts(with: "2C".utf8) {
                name.append(UInt8(ascii: ","))
            } else if rest.starts(with: "3D".utf8) {
                name.append(UInt8(ascii: "="))
            } else {
                return nil
            }
            rest = rest.dropFirst(2)
        }
        return name.count <= Preparation.lengthMax ? Preparation.query.prepare(name) : nil
    }
}

/// The message `client-final-message`, which is `c=<binding>,r=<nonce>[,extensions],p=<proof>`.
struct ClientFinalMessage: Equatable {
    let channelBinding: [UInt8]
    let nonce: [UInt8]
    let proof: [UInt8]
    let withoutProof: [UInt8]

    /// Parses the message; the proof has a known length.
    init(parsing message: [UInt8], proofLength: Int) throws(ScramError) {
        let fields = message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard !message.contains(0), fields.count >= 3, let last = fields.last,
            case (UInt8(ascii: "c"), let binding)? = attribute(fields[0]),
            case (UInt8(ascii: "r"), let nonce)? = attribute(fields[1]),
            case (UInt8(ascii: "p"), let proof)? = attribute(last)
        else { throw .invalidEncoding }
        try checkExtensions(fields[2..<(fields.count - 1)])
        guard let proofBytes = Base64.decode(proof), proofBytes.count == proofLength,
            let channelBinding = Base64.decode(binding)
        else { throw .invalidEncoding }
        self.channelBinding = channelBinding
        self.nonce = Array(nonce)
        self.proof = proofBytes
        withoutProof = Array(message[..<(last.startIndex - 1)])
    }
}

/// Passes over optional extensions, `x=value`; `m` stands for one that must be understood, and none is.
private func checkExtensions(_ fields: ArraySlice<ArraySlice<UInt8>>) throws(ScramError) {
    for field in fields {
        guard let (name, value) = attribute(field), !value.isEmpty else { throw .invalidEncoding }
        if name == UInt8(ascii: "m") { throw .extensionsNotSupported }
    }
}

/// Splits `x=value`; the name is one letter.
private func attribute(_ field: ArraySlice<UInt8>) -> (UInt8, ArraySlice<UInt8>)? {
    guard field.count >= 2, let name = field.first,
        field[field.startIndex + 1] == UInt8(ascii: "="),
        isLetter(name)
    else { return nil }
    return (name, field.dropFirst(2))
}

private func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
}

/// Printable ASCII other than the comma, which nonces consist of.
private func isPrintable(_ byte: UInt8) -> Bool {
    (0x21...0x7E).contains(byte) && byte != UInt8(ascii: ",")
}
