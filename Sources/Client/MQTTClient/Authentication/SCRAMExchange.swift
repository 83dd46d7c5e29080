// SPDX-License-Identifier: Apache-2.0
// One authentication with SCRAM.

import Encoding

/// One exchange.
///
/// ```
/// n,,n=USER,r=NONCE ─►  ◄─ r=NONCE+,s=SALT,i=ROUNDS
/// c=biws,r=NONCE+,p=PROOF ─►  ◄─ v=SIGNATURE
/// ```
final class SCRAMExchange: MQTTAuthenticationExchange {
    private static let header = "n,,"

    private let keys: SCRAMKeys
    private let password: [UInt8]
    private let nonce: String
    private let first: String
    /// What the server must say in the end; nil before its challenge.
    private var signature: [UInt8]?
    private var isOver = false

    init(_ keys: SCRAMKeys, userName: String, password: [UInt8], nonce: String) {
        self.keys = keys
        self.password = password
        self.nonce = nonce
        let name = userName.flatMap { character in
            switch character {
            case "=": "=3D"
            case ",": "=2C"
            default: String(character)
            }
        }
        first = "n=\(String(name)),r=\(nonce)"
    }

    func initialData() throws -> [UInt8]? { Array((Self.header + first).utf8) }

    func respond(to challenge: [UInt8]?) throws -> [UInt8]? {
        guard signature == nil else {
            // Some servers send the signature in a challenge of its own.
            try finish(challenge)
            return []
        }
        let text = String(decoding: challenge ?? [], as: UTF8.self)
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0].hasPrefix("r="), parts[1].hasPrefix("s="),
            parts[2].hasPrefix("i="), let iterations = Int(parts[2].dropFirst(2)),
            let salt = Base64.decode(parts[1].dropFirst(2).utf8)
        else { throw MQTTError.authentication("the server's challenge is malformed") }
        let serverNonce = parts[0].dropFirst(2)
        guard serverNonce.hasPrefix(nonce), serverNonce.utf8.count > nonce.utf8.count else {
            throw MQTTError.authentication("the server answers somebody else")
        }
        guard (MQTTSCRAM.iterationsMin...MQTTSCRAM.iterationsMax).contains(iterations) else {
            throw MQTTError.authentication("the server asks for \(iterations) rounds")
        }
        let last = "c=\(Base64.encode(Array(Self.header.utf8))),r=\(serverNonce)"
        let exchange = Array("\(first),\(text),\(last)".utf8)
        let salted = try keys.saltedPassword(password, salt, iterations)
        let clientKey = try keys.hmac(salted, Array("Client Key".utf8))
        let clientSignature = try keys.hmac(try keys.digest(clientKey), exchange)
        let serverKey = try keys.hmac(salted, Array("Server Key".utf8))
        signature = try keys.hmac(serverKey, exchange)
        let proof = zip(clientKey, clientSignature).map { $0 ^ $1 }
        return Array("\(last),p=\(Base64.encode(proof))".utf8)
    }

    func finish(_ data: [UInt8]?) throws {
        if isOver, data?.isEmpty ?? true { return }
        let text = String(decoding: data ?? [], as: UTF8.self)
        guard let signature, text == "v=\(Base64.encode(signature))" else {
            throw MQTTError.authentication("the server has not proved that it knows the password")
        }
        isOver = true
    }
}
