// SPDX-License-Identifier: Apache-2.0
// The client's two messages (RFC 5802 section 7), taken apart.

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
    /// The identity to act as, if the client named one.
    let authorization: [UInt8]?
    let user: [UInt8]
    let nonce: [UInt8]
    let header: [UInt8]
    let bare: [UInt8]

    /// Parses the message.
    init(parsing message: [UInt8]) throws(ScramError) {
        let fields = message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count >= 4 else { throw .invalidEncoding }
        flag = try Self.flag(fields[0])
        switch attribute(fields[1]) {
        case (UInt8(ascii: "a"), let name)?: authorization = try Self.name(name)
        case nil where fields[1].isEmpty: authorization = nil
        default: throw .invalidEncoding
        }
        header = Array(message[..<fields[2].startIndex])
        bare = Array(message[fields[2].startIndex...])
        // A mandatory extension nobody here understands.
        if case (UInt8(ascii: "m"), _)? = attribute(fields[2]) { throw .extensionsNotSupported }
        guard case (UInt8(ascii: "n"), let name)? = attribute(fields[2]),
            case (UInt8(ascii: "r"), let nonce)? = attribute(fields[3])
        else { throw .invalidEncoding }
        user = try Self.name(name)
        guard !nonce.isEmpty, nonce.allSatisfy(isPrintable) else { throw .invalidEncoding }
        self.nonce = Array(nonce)
        for field in fields[4...] where attribute(field) == nil { throw .invalidEncoding }
    }

    private static func flag(_ field: ArraySlice<UInt8>) throws(ScramError) -> ChannelBindingFlag {
        if field.elementsEqual("n".utf8) { return .unsupported }
        if field.elementsEqual("y".utf8) { return .unused }
        guard case (UInt8(ascii: "p"), let type)? = attribute(field), !type.isEmpty else {
            throw .invalidEncoding
        }
        return .required(type: String(decoding: type, as: UTF8.self))
    }

    /// Decodes `=2C` and `=3D`, the only escapes there are.
    private static func name(_ text: ArraySlice<UInt8>) throws(ScramError) -> [UInt8] {
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
                throw .invalidUsernameEncoding
            }
            rest = rest.dropFirst(2)
        }
        guard !name.isEmpty, !name.contains(0), String(validating: name, as: UTF8.self) != nil
        else {
            throw .invalidUsernameEncoding
        }
        return name
    }
}

/// The message `client-final-message`, which is `c=<binding>,r=<nonce>[,extensions],p=<proof>`.
struct ClientFinalMessage: Equatable {
    let channelBinding: [UInt8]
    let nonce: [UInt8]
    let proof: [UInt8]
    let withoutProof: [UInt8]

    /// Parses the message.
    init(parsing message: [UInt8]) throws(ScramError) {
        let fields = message.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard fields.count >= 3, let last = fields.last,
            case (UInt8(ascii: "c"), let binding)? = attribute(fields[0]),
            case (UInt8(ascii: "r"), let nonce)? = attribute(fields[1]),
            case (UInt8(ascii: "p"), let proof)? = attribute(last),
            let channelBinding = Base64.decode(binding),
            let proofBytes = Base64.decode(proof)
        else { throw .invalidEncoding }
        for field in fields[2..<(fields.count - 1)] {
            guard let (name, _) = attribute(field) else { throw .invalidEncoding }
            if name == UInt8(ascii: "m") { throw .extensionsNotSupported }
        }
        self.channelBinding = channelBinding
        self.nonce = Array(nonce)
        self.proof = proofBytes
        withoutProof = Array(message[..<(last.startIndex - 1)])
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
