// SPDX-License-Identifier: Apache-2.0
// One exchange of SCRAM on the client's side.

import Encoding
import MQTTClient

/// One exchange of SCRAM (RFC 5802 section 5), without channel binding.
final class ScramExchange: MQTTAuthenticationExchange {
    /// What a server may ask for: fewer make guessing cheap, more keep the client busy for long.
    static let iterations = 4096...10_000_000

    private let hash: ScramHash
    private let password: [UInt8]
    private let nonce: String
    private let firstBare: String
    private var serverSignature: [UInt8]?

    init(hash: ScramHash, userName: String, password: [UInt8], nonce: String) {
        self.hash = hash
        self.password = password
        self.nonce = nonce
        let name = userName.replacing("=", with: "=3D").replacing(",", with: "=2C")
        firstBare = "n=\(name),r=\(nonce)"
    }

    func initialData() -> [UInt8]? { Array("n,,\(firstBare)".utf8) }

    func respond(to challenge: [UInt8]?) throws -> [UInt8]? {
        guard serverSignature == nil,
            let text = challenge.flatMap({ String(validating: $0, as: UTF8.self) })
        else { throw ScramProblem.malformed }
        let fields = Self.fields(text)
        guard fields.count >= 3, fields[0].name == "r", fields[1].name == "s",
            fields[2].name == "i", let salt = Base64.decode(Array(fields[1].value.utf8)),
            let count = Int32(fields[2].value)
        else { throw ScramProblem.malformed }
        guard fields[0].value.hasPrefix(nonce), fields[0].value.utf8.count > nonce.utf8.count
        else { throw ScramProblem.wrongNonce }
        guard Self.iterations.contains(Int(count)) else { throw ScramProblem.tooManyIterations }
        let salted = hash.stretch(password, salt: salt, iterations: count)
        let clientKey = hash.hmac(salted, Array("Client Key".utf8))
        let withoutProof = "c=biws,r=\(fields[0].value)"
        let message = Array("\(firstBare),\(text),\(withoutProof)".utf8)
        let signature = hash.hmac(hash.hash(clientKey), message)
        let proof = zip(clientKey, signature).map { $0 ^ $1 }
        serverSignature = hash.hmac(hash.hmac(salted, Array("Server Key".utf8)), message)
        return Array("\(withoutProof),p=\(Base64.encode(proof))".utf8)
    }

    func finish(_ data: [UInt8]?) throws {
        guard let serverSignature, let data,
            let field = Self.fields(String(decoding: data, as: UTF8.self)).first,
            field.name == "v", Base64.decode(Array(field.value.utf8)) == serverSignature
        else { throw ScramProblem.serverNotProven }
    }

    private static func fields(_ text: String) -> [(name: Substring, value: Substring)] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { field in
            (field.prefix(1), field.dropFirst().first == "=" ? field.dropFirst(2) : "")
        }
    }
}
