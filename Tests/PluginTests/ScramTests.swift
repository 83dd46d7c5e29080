// SPDX-License-Identifier: Apache-2.0
// SCRAM exchanges against published and independently computed vectors, and everything that must be refused.

import Encoding
import Foundation
import PluginSDK
import Testing

@testable import Scram

@Suite("SCRAM")
struct ScramTests {
    /// One full exchange of user `user` with password `pencil`.
    struct Vector: Sendable {
        let mechanism: ScramMechanism
        let line: String
        let proof: String
        let verifier: String
    }

    /// SHA-256 is RFC 7677 section 3; SHA-512 was computed with Python's hashlib for the same nonces.
    static let vectors = [
        Vector(
            mechanism: .sha256,
            line:
                "user:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
            proof: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            verifier: "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        ),
        Vector(
            mechanism: .sha512,
            line:
                "user:SCRAM-SHA-512$4096:W22ZaJ0SNY7soEsUEjb6gQ==$6AAub3065EYRmyFpM2RNwqK+eGnrkYuEWbXn19LsEmBqzu8QaCXNc1FwpnX9NhH2hK/60dzj9DoO5DvVkOHbvg==:jZHbYjC1aHh0/hKbxyBuGFjDrgjgKTT1esA7awWiKcRZ0o/0b1yWEebBeSVkkCFewf91nLDfKF24mvD5nmE6rA==",
            proof:
                "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
            verifier:
                "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw=="
        ),
    ]

    /// A certificate signed with SHA-384, and what `sha384sum` says of its DER form.
    private static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBdDCCARugAwIBAgIUBW82VzjzKuNpSrTDQXkRFbP9dmQwCgYIKoZIzj0EAwMw
        DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjEwMTA3MTNaGA8yMTI2MTAyODAxMDcx
        M1owDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMnr
        AndFQKyDP3vSH9a+sdF1d9hyV00UreZlvlp7SeVRaLIFJYpSkgi2+EYXIDO+vePl
        XacMS5zkUyM5wwT9M1CjUzBRMB0GA1UdDgQWBBSPuDCiIFQJcaFU5kibkTUooyir
        2zAfBgNVHSMEGDAWgBSPuDCiIFQJcaFU5kibkTUooyir2zAPBgNVHRMBAf8EBTAD
        AQH/MAoGCCqGSM49BAMDA0cAMEQCID8WMrHkSDDeiMjX3CkIw0IyswW6slnkjp4y
        Fwk/M++uAiBw/bEYAUDTHB1HOU5aTqLEIis/37W/fhHJM/N9BTnlzg==
        -----END CERTIFICATE-----
        """

    private static let fingerprint =
        "d8b4e9c8dd21f14f6c67456d5606f698b3a9ae9b45eec92a"
        + "5adfda3655535c87afb5244fa2446c53385666f148dbceaf"

    static let clientNonce = "rOprNGfwEbeRWgbNEkqO"
    static let serverNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    static let nonce = clientNonce + serverNonce

    private func file(_ text: String) throws -> CredentialFile {
        try CredentialFile(parsing: Array(text.utf8), path: "F")
    }

    private func server(
        _ mechanism: ScramMechanism = .sha256,
        plus: Bool = false,
        endPoint: [UInt8]? = nil
    ) -> ScramServer {
        ScramServer(
            mechanism: mechanism,
            requiresBinding: plus,
            policy: ScramPolicy(serverEndPoint: endPoint)
        )
    }

    @Test("RFC 7677 section 3: the whole exchange", arguments: vectors)
    func exchange(vector: Vector) throws {
        let credentials = try file(vector.line)
        var server = server(vector.mechanism)
        let first = try server.receive(
            Array("n,,n=user,r=\(Self.clientNonce)".utf8),
            credentials: credentials,
            nonce: { Array(Self.serverNonce.utf8) }
        )
        #expect(
            first == .challenge(Array("r=\(Self.nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".utf8))
        )
        let last = try server.receive(
            Array("c=biws,r=\(Self.nonce),p=\(vector.proof)".utf8),
            credentials: credentials
        )
        #expect(
            last == .success(user: Array("user".utf8), data: Array("v=\(vector.verifier)".utf8))
        )
    }

    @Test("Stored keys derive from the password", arguments: vectors)
    func derivation(vector: Vector) throws {
        let salt = try #require(Base64.decode("W22ZaJ0SNY7soEsUEjb6gQ==".utf8))
        let derived = ScramCredential(
            password: Array("pencil".utf8),
            salt: salt,
            iterations: 4096,
            mechanism: vector.mechanism
        )
        let stored = try file(vector.line).credential(of: Array("user".utf8), for: vector.mechanism)
        #expect(derived == stored)
    }

    @Test(
        "RFC 5802 section 5.1: the second message must repeat binding and nonce and prove the password",
        arguments: [
            ("c=biws,r=\(nonce)x,p=\(vectors[0].proof)", ScramError.otherError),
            ("c=biws,r=\(clientNonce),p=\(vectors[0].proof)", .otherError),
            ("c=eSws,r=\(nonce),p=\(vectors[0].proof)", .channelBindingsDontMatch),
            ("c=biws,r=\(nonce),p=\(vectors[1].proof)", .invalidEncoding),
            ("c=biws,r=\(nonce),p=B\(vectors[0].proof.dropFirst())", .invalidProof),
            ("c=biws,r=\(nonce),x=1,p=\(vectors[0].proof)", .invalidProof),
            ("c=biws,r=\(nonce),p=AAAA", .invalidEncoding),
            ("c=biws,r=\(nonce),,p=\(vectors[0].proof)", .invalidEncoding),
            ("c=biws,r=\(nonce),x=,p=\(vectors[0].proof)", .invalidEncoding),
            ("c=biws,r=\(nonce),p=*", .invalidEncoding),
            ("c=biws,r=\(nonce)", .invalidEncoding),
            ("r=\(nonce),c=biws,p=\(vectors[0].proof)", .invalidEncoding),
            ("c=biws,r=\(nonce),m=1,p=\(vectors[0].proof)", .extensionsNotSupported),
            ("", .invalidEncoding),
        ]
    )
    func refusedSecondMessage(message: String, error: ScramError) throws {
        let credentials = try file(Self.vectors[0].line)
        var server = server()
        _ = try server.receive(
            Array("n,,n=user,r=\(Self.clientNonce)".utf8),
            credentials: credentials,
            nonce: { Array(Self.serverNonce.utf8) }
        )
        #expect(throws: error) { try server.receive(Array(message.utf8), credentials: credentials) }
        // Nothing more is accepted, not even the right answer.
        #expect(throws: ScramError.otherError) {
            try server.receive(
                Array("c=biws,r=\(Self.nonce),p=\(Self.vectors[0].proof)".utf8),
                credentials: credentials
            )
        }
    }

    @Test(
        "RFC 5802 section 7: a malformed first message is refused",
        arguments: [
            ("", ScramError.invalidEncoding), ("n,,n=user", .invalidEncoding),
            ("n,n=user,r=x", .invalidEncoding),
            ("q,,n=user,r=x", .invalidEncoding), ("p=,,n=user,r=x", .invalidEncoding),
            ("n,,r=x,n=user", .invalidEncoding),
            ("n,,n=user,r=", .invalidEncoding), ("n,,n=user,r=a b", .invalidEncoding),
            ("n,x,n=user,r=x", .invalidEncoding),
            ("n,,n=user,r=x,y", .invalidEncoding), ("n,,m=1,n=user,r=x", .extensionsNotSupported),
            ("n,,n=,r=x", .invalidUsernameEncoding), ("n,,n=a=2c,r=x", .invalidUsernameEncoding),
            ("n,,n=a=,r=x", .invalidUsernameEncoding), ("n,a=root,n=user,r=x", .otherError),
            ("n,a=,n=user,r=x", .invalidEncoding), ("n,,n=user,r=x,", .invalidEncoding),
            ("n,,n=user,r=x,m=1", .extensionsNotSupported),
            ("n,,n=\u{E000},r=x", .invalidUsernameEncoding),
            ("p=tls-unique,,n=user,r=x", .channelBindingNotSupported),
        ]
    )
    func refusedFirstMessage(message: String, error: ScramError) throws {
        let credentials = try file(Self.vectors[0].line)
        var server = server()
        #expect(throws: error) { try server.receive(Array(message.utf8), credentials: credentials) }
    }

    @Test("A name may hold comma and equals sign, and act as itself; extensions are passed over")
    func escapes() throws {
        let message = try ClientFirstMessage(
            parsing: Array("y,a=a=2Cb=3D,n=a=2Cb=3D,r=xyz,e=1".utf8)
        )
        #expect(message.user == Array("a,b=".utf8))
        #expect(message.isActingAsItself)
        #expect(message.flag == .unused)
        #expect(message.header == Array("y,a=a=2Cb=3D,".utf8))
        #expect(message.bare == Array("n=a=2Cb=3D,r=xyz,e=1".utf8))
    }

    @Test("RFC 5802 section 6: channel binding is checked and cannot be argued away")
    func channelBinding() throws {
        let credentials = try file(Self.vectors[0].line)
        let endPoint: [UInt8] = Array(1...32)
        let header = "p=tls-server-end-point,,"
        let bare = "n=user,r=\(Self.clientNonce)"
        func run(binding: [UInt8]) throws -> ScramServer.Step {
            var server = server(plus: true, endPoint: endPoint)
            guard
                case .challenge(let reply) = try server.receive(
                    Array((header + bare).utf8),
                    credentials: credentials
                )
            else { throw ScramError.otherError }
            let text = String(decoding: reply, as: UTF8.self)
            let nonce = text.split(separator: ",")[0].dropFirst(2)
            let final = "c=\(Base64.encode(Array(header.utf8) + binding)),r=\(nonce)"
            let proof = try #require(Self.proof("\(bare),\(text),\(final)"))
            return try server.receive(Array("\(final),p=\(proof)".utf8), credentials: credentials)
        }
        guard case .success(let user, _) = try run(binding: endPoint) else {
            Issue.record("the right binding is refused")
            return
        }
        #expect(user == Array("user".utf8))
        #expect(throws: ScramError.channelBindingsDontMatch) {
            try run(binding: endPoint.reversed())
        }
        #expect(throws: ScramError.channelBindingsDontMatch) { try run(binding: []) }
        for (message, plus, error) in [
            ("y,,\(bare)", false, ScramError.serverDoesSupportChannelBinding),
            ("n,,\(bare)", true, .otherError),
            ("y,,\(bare)", true, .serverDoesSupportChannelBinding),
            ("p=tls-unique,,\(bare)", true, .unsupportedChannelBindingType),
        ] {
            var server = server(plus: plus, endPoint: endPoint)
            #expect(throws: error) {
                try server.receive(Array(message.utf8), credentials: credentials)
            }
        }
    }

    @Test(
        "An unknown user gets a challenge like any other, the same each time, and fails at the proof"
    )
    func unknownUser() throws {
        let credentials = try file(Self.vectors[0].line)
        let again = try CredentialFile(parsing: [], path: "F", secret: credentials.secret)
        let user = Array("nobody".utf8)
        let first = try #require(credentials.credential(of: user, for: .sha256))
        let second = try #require(credentials.credential(of: user, for: .sha256))
        #expect(first.salt == second.salt)
        #expect(first.salt.count == 16)
        #expect(first.iterations == 4096)
        #expect(again.credential(of: user, for: .sha256)?.salt == first.salt)
        #expect(credentials.credential(of: Array("nobodi".utf8), for: .sha256)?.salt != first.salt)
        #expect(credentials.credential(of: user, for: .sha512)?.salt != first.salt)
        var server = server()
        _ = try server.receive(
            Array("n,,n=nobody,r=\(Self.clientNonce)".utf8),
            credentials: credentials,
            nonce: { Array(Self.serverNonce.utf8) }
        )
        #expect(throws: ScramError.invalidProof) {
            try server.receive(
                Array("c=biws,r=\(Self.nonce),p=\(Self.vectors[0].proof)".utf8),
                credentials: credentials
            )
        }
    }

    @Test(
        "A bad credential line is refused",
        arguments: [
            "user", "user:x", "user:SCRAM-SHA-1$4096:AAAA$AAAA:AAAA",
            ":" + vectors[0].line.drop { $0 != ":" }.dropFirst(),
            vectors[0].line.replacing("4096", with: "0"),
            vectors[0].line.replacing("256", with: "512"),
            vectors[0].line + ":x", String(vectors[0].line.dropLast()),
        ]
    )
    func refusedLine(line: String) {
        #expect(throws: CredentialFileError(message: "Error: Invalid credential file 'F' line 2."))
        {
            try file("# comment\n\(line)\n")
        }
    }

    @Test("A user may have one line per mechanism and no more")
    func duplicates() throws {
        let both = Self.vectors.map(\.line).joined(separator: "\n")
        #expect(try file(both).count == 2)
        #expect(
            throws: CredentialFileError(
                message: "Error: Duplicate user 'user' in credential file 'F' line 3."
            )
        ) {
            try file(both + "\n" + Self.vectors[0].line)
        }
    }

    @Test(
        "RFC 4013: names are prepared, or refused",
        arguments: [
            ("user", "user"), ("I\u{AD}X", "IX"), ("a\u{A0}b", "a b"), ("\u{FC}", "\u{FC}"),
            ("USER", "USER"), ("\u{AA}", "a"), ("\u{2168}", "IX"),
            ("e\u{301}", "\u{E9}"), ("\u{FF0C}", ","), ("\u{0}", nil), ("\u{7}", nil),
            ("\u{627}1", nil), ("\u{627}", "\u{627}"), ("\u{627}a", nil), ("", nil),
            ("\u{AD}", nil),
            ("\u{FFFE}", nil), ("\u{221}", "\u{221}"),
        ]
    )
    func preparation(name: String, prepared: String?) {
        #expect(Preparation.query.prepare(Array(name.utf8)) == prepared.map { Array($0.utf8) })
        // U+0221 came after Unicode 3.2.
        let stored = name == "\u{221}" ? nil : prepared
        #expect(Preparation.stored.prepare(Array(name.utf8)) == stored.map { Array($0.utf8) })
    }

    @Test(
        "RFC 3629: what is no UTF-8 is no name",
        arguments: ["C080", "E282", "EDA080", "F4908080"]
    )
    func malformedName(digits: String) {
        let pairs = stride(from: 0, to: digits.count, by: 2).map { digits.dropFirst($0).prefix(2) }
        #expect(Preparation.query.prepare(pairs.compactMap { UInt8($0, radix: 16) }) == nil)
    }

    @Test("The table forgets the oldest exchange when it is full")
    func boundedTable() {
        var table = ExchangeTable(countMax: 3)
        let keys = (1...5).map { ClientKey(testing: UInt($0)) }
        for key in keys { table.insert(server(), for: key) }
        #expect(table.count == 3)
        #expect(keys.map { table.remove($0) != nil } == [false, false, true, true, true])
        // A client that starts over and over does not push others out.
        table.insert(server(), for: keys[0])
        for _ in 0..<100 { table.insert(server(), for: keys[1]) }
        #expect(table.remove(keys[0]) != nil)
        #expect(table.count == 1)
    }

    @Test("A party that begins many exchanges pushes out its own")
    func fairTable() {
        var table = ExchangeTable(countMax: 3)
        let keys = (1...9).map { ClientKey(testing: UInt($0)) }
        table.insert(server(), for: keys[0], of: [1])
        for key in keys[1...] { table.insert(server(), for: key, of: [2]) }
        #expect(table.count == 3)
        #expect(table.remove(keys[0]) != nil)
        #expect(keys[1...].map { table.remove($0) != nil }.filter { $0 }.count == 2)
        #expect(table.count == 0)
    }

    @Test("An exchange lasts sixty seconds and no longer")
    func patience() {
        var table = ExchangeTable(countMax: 3)
        let key = ClientKey(testing: 1)
        let start = ContinuousClock.now
        table.insert(server(), for: key, at: start)
        #expect(table.remove(key, at: start + .seconds(60)) != nil)
        table.insert(server(), for: key, at: start)
        #expect(table.remove(key, at: start + .milliseconds(60_001)) == nil)
    }

    @Test("A secret in the file decides what salts are invented; a bad one is refused")
    func secretLine() throws {
        let line = "#secret:\(Base64.encode(Array(1...32)))\n"
        let first = try file(line + Self.vectors[0].line)
        let second = try file(line)
        let user = Array("nobody".utf8)
        #expect(first.secret == Array(1...32))
        let salts = [first, second].map { $0.credential(of: user, for: .sha256)?.salt }
        #expect(salts[0] != nil)
        #expect(salts[0] == salts[1])
        let message = "Error: Invalid secret in credential file 'F' line 1."
        #expect(throws: CredentialFileError(message: message)) { try file("#secret:AAAA\n") }
    }

    @Test("What unknown users are told about iterations can be set")
    func iterationsOfUnknownUsers() throws {
        var credentials = try file(Self.vectors[0].line)
        credentials.iterationsOfUnknownUsers = 9000
        #expect(credentials.credential(of: Array("nobody".utf8), for: .sha256)?.iterations == 9000)
        #expect(credentials.credential(of: Array("user".utf8), for: .sha256)?.iterations == 4096)
    }

    @Test(
        "RFC 5929 section 4.1: the binding is the hash of the certificate by its signature's hash function"
    )
    func endPoint() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(Self.certificate.utf8).write(to: file)
        let endPoint = try #require(ServerCertificate.endPoint(path: file.path))
        let digits = endPoint.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        #expect(digits.joined() == Self.fingerprint)
        #expect(ServerCertificate.endPoint(path: "/nonexistent") == nil)
        #expect(ServerCertificate.endPoint(path: "/dev/null") == nil)
    }

    /// The proof of user `user` for a transcript.
    private static func proof(_ transcript: String) -> String? {
        let mechanism = ScramMechanism.sha256
        guard let salt = Base64.decode("W22ZaJ0SNY7soEsUEjb6gQ==".utf8),
            let salted = mechanism.saltedPassword(
                Array("pencil".utf8),
                salt: salt,
                iterations: 4096
            ),
            let clientKey = mechanism.hmac(salted, Array("Client Key".utf8)),
            let storedKey = mechanism.hash(clientKey),
            let signature = mechanism.hmac(storedKey, Array(transcript.utf8))
        else { return nil }
        return Base64.encode(zip(clientKey, signature).map { $0 ^ $1 })
    }
}
