// SPDX-License-Identifier: Apache-2.0
// SCRAM on the client's side.

import MQTTClient
import Testing

@testable import ClientTools

@Suite("SCRAM on the client's side")
struct ScramTests {
    @Test("the example of RFC 7677")
    func example() throws {
        let authentication = ScramAuthentication(
            hash: .sha256,
            userName: "user",
            password: Array("pencil".utf8),
            nonce: "rOprNGfwEbeRWgbNEkqO"
        )
        #expect(authentication.method == "SCRAM-SHA-256")
        let exchange = try authentication.begin()
        let first = try exchange.initialData()
        #expect(first == Array("n,,n=user,r=rOprNGfwEbeRWgbNEkqO".utf8))
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        let challenge = "r=\(nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        let answer = try exchange.respond(to: Array(challenge.utf8))
        let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        #expect(answer == Array("c=biws,r=\(nonce),p=\(proof)".utf8))
        try exchange.finish(Array("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".utf8))
    }

    private static let bad: [(String, ScramProblem)] = [
        ("", .malformed), ("r=n", .malformed), ("r=nX,s=,i=x", .malformed),
        ("s=AA==,r=nX,i=4096", .malformed),
        ("r=n,s=AA==,i=4096", .wrongNonce), ("r=other,s=AA==,i=4096", .wrongNonce),
        ("r=nX,s=AA==,i=4095", .tooManyIterations), ("r=nX,s=AA==,i=10000001", .tooManyIterations),
    ]

    @Test("challenges that are not answered", arguments: bad)
    func challenge(_ text: String, _ problem: ScramProblem) throws {
        let authentication = ScramAuthentication(
            hash: .sha512,
            userName: "a,b=c",
            password: [1],
            nonce: "n"
        )
        let exchange = try authentication.begin()
        #expect(try exchange.initialData() == Array("n,,n=a=2Cb=3Dc,r=n".utf8))
        #expect(throws: problem) { try exchange.respond(to: Array(text.utf8)) }
    }

    @Test("a server that does not know the password is not believed")
    func server() throws {
        let authentication = ScramAuthentication(
            hash: .sha256,
            userName: "u",
            password: [1],
            nonce: "n"
        )
        let exchange = try authentication.begin()
        #expect(throws: ScramProblem.serverNotProven) { try exchange.finish(Array("v=AA==".utf8)) }
        _ = try exchange.respond(to: Array("r=nX,s=AA==,i=4096".utf8))
        for text in ["v=AAAA", "e=other", ""] {
            #expect(throws: ScramProblem.serverNotProven) { try exchange.finish(Array(text.utf8)) }
        }
        #expect(throws: ScramProblem.serverNotProven) { try exchange.finish(nil) }
    }
}
