// SPDX-License-Identifier: Apache-2.0
// The first message of a SCRAM client.

import PluginSDK

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
