// SPDX-License-Identifier: Apache-2.0
// The file with the credentials of all users.

import Encoding
import PasswordHash
import PluginSDK

/// What is wrong with a credential file.
struct CredentialFileError: Error, Equatable {
    let message: String
}

/// Credentials by mechanism and user, and convincing ones for users that do not exist.
///
///     alice:SCRAM-SHA-256$4096:<base 64 salt>$<base 64 StoredKey>:<base 64 ServerKey>
///
/// One line per user and mechanism; lines that begin with `#` and empty lines are comments, but for `#secret:` and 32
/// bytes in base 64, from which invented salts derive. Names are kept as SASLprep leaves them.
struct CredentialFile: Sendable {
    private struct Key: Hashable {
        let mechanism: ScramMechanism
        let user: [UInt8]
    }

    /// What is usual in the file, so that invented credentials look the same.
    private struct Shape: Hashable {
        var iterations: Int
        var saltLength: Int
    }

    private var credentials: [Key: ScramCredential] = [:]
    private var usual: [ScramMechanism: Shape] = [:]
    /// What invented salts derive from; nobody can know it without knowing all keys in the file.
    let secret: [UInt8]

    /// What users that do not exist are told, if it is not what is usual in the file.
    var iterationsOfUnknownUsers: Int?

    /// The largest number of iterations.
    static let iterationsMax = 10_000_000

    private static let saltLengths = 1...64
    private static let shapeOfNothing = Shape(iterations: 15_000, saltLength: 16)
    private static let secretPrefix = Array("#secret:".utf8)
    private static let secretLength = 32

    /// The number of lines with credentials.
    var count: Int { credentials.count }

    /// Reads the file's text; the first bad line ends it.
    ///
    /// `secret` keeps invented salts the same when a file is read again.
    init(
        parsing content: [UInt8],
        path: String,
        secret: [UInt8]? = nil
    ) throws(CredentialFileError) {
        var shapes: [ScramMechanism: [Shape: Int]] = [:]
        var keys: [UInt8] = []
        var ownSecret: [UInt8]?
        for (index, line) in content.textLines.enumerated() {
            let line = line.withoutCarriageReturn
            let place = "credential file '\(path)' line \(index + 1)"
            if line.starts(with: Self.secretPrefix) {
                ownSecret = Base64.decode(line.dropFirst(Self.secretPrefix.count))
                guard ownSecret?.count == Self.secretLength else {
                    throw CredentialFileError(message: "Error: Invalid secret in \(place).")
                }
            }
            guard !line.isEmpty, line.first != UInt8(ascii: "#") else { continue }
            guard let (key, credential) = Self.parse(line) else {
                throw CredentialFileError(message: "Error: Invalid \(place).")
            }
            guard credentials.updateValue(credential, forKey: key) == nil else {
                let user = String(decoding: key.user, as: UTF8.self)
                throw CredentialFileError(message: "Error: Duplicate user '\(user)' in \(place).")
            }
            keys += credential.serverKey
            let shape = Shape(
                iterations: credential.iterations,
                saltLength: credential.salt.count
            )
            shapes[key.mechanism, default: [:]][shape, default: 0] += 1
        }
        usual = shapes.compactMapValues { shapes in
            // Ties are broken the same way each time, as dictionaries have no order.
            shapes.max {
                ($0.value, $0.key.iterations, $0.key.saltLength) < (
                    $1.value, $1.key.iterations, $1.key.saltLength
                )
            }?.key
        }
        let made =
            keys.isEmpty
            ? SystemRandom.bytes(Self.secretLength) : ScramMechanism.sha256.hash(keys)
        guard let secret = ownSecret ?? secret ?? made else {
            throw CredentialFileError(message: "Error: Out of memory reading '\(path)'.")
        }
        self.secret = secret
    }

    /// The credential of a user, or one nobody has the password of.
    ///
    /// The same user gets the same invented salt each time, so that asking twice tells nothing. It is invented in any
    /// case, so that the time it takes tells nothing either.
    func credential(of user: [UInt8], for mechanism: ScramMechanism) -> ScramCredential? {
        let shape = usual[mechanism] ?? Self.shapeOfNothing
        // SHA-512 for both mechanisms: one digest is as long as the longest salt.
        let label = Array(mechanism.rawValue.utf8) + [UInt8(ascii: ":")] + user
        guard let keys = SystemRandom.bytes(2 * mechanism.hashLength),
            let salt = ScramMechanism.sha512.hmac(secret, label)
        else { return nil }
        let invented = ScramCredential(
            iterations: iterationsOfUnknownUsers ?? shape.iterations,
            salt: Array(salt.prefix(shape.saltLength)),
            storedKey: Array(keys.prefix(mechanism.hashLength)),
            serverKey: Array(keys.suffix(mechanism.hashLength))
        )
        return credentials[Key(mechanism: mechanism, user: user)] ?? invented
    }

    private static func parse(_ line: ArraySlice<UInt8>) -> (Key, ScramCredential)? {
        let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count == 4, fields[0].count <= Preparation.lengthMax,
            let user = Preparation.stored.prepare(fields[0])
        else { return nil }
        let head = fields[1].split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        let body = fields[2].split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false)
        guard head.count == 2, body.count == 2,
            let mechanism = ScramMechanism(rawValue: String(decoding: head[0], as: UTF8.self)),
            let iterations = number(head[1]), (1...iterationsMax).contains(iterations),
            let salt = Base64.decode(body[0]), saltLengths.contains(salt.count),
            let storedKey = Base64.decode(body[1]), storedKey.count == mechanism.hashLength,
            let serverKey = Base64.decode(fields[3]), serverKey.count == mechanism.hashLength
        else { return nil }
        return (
            Key(mechanism: mechanism, user: user),
            ScramCredential(
                iterations: iterations,
                salt: salt,
                storedKey: storedKey,
                serverKey: serverKey
            )
        )
    }

    /// A number of decimal digits and nothing else.
    static func number(_ text: some Collection<UInt8>) -> Int? {
        guard text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int(String(decoding: text, as: UTF8.self))
    }
}

extension ArraySlice<UInt8> {
    /// Without what some editors put at the end of a line.
    fileprivate var withoutCarriageReturn: ArraySlice<UInt8> {
        var slice = self
        while slice.last == 0x0D { slice.removeLast() }
        return slice
    }
}
