// SPDX-License-Identifier: Apache-2.0
// A client whose certificate does not let it in changes nothing for whoever has its identifier.

import TestSupport
import Testing

@Suite("Refused for their certificates")
struct RefusedCertificateTests {
    /// What is wrong with the certificate.
    enum Kind: String, CaseIterable, Sendable {
        case nameless, nameless3, none, required, stranger, revoked, expired

        /// Options of the listener.
        fileprivate var options: String {
            get throws {
                let files = try certificates()
                return switch self {
                case .none: "use_identity_as_username true"
                case .revoked:
                    "require_certificate true\ncafile \(files.path("ca.crt"))\n"
                        + "crlfile \(files.path("crl.pem"))\nuse_identity_as_username true"
                default: try clientCertificates() + "\nuse_identity_as_username true"
                }
            }
        }

        /// Comes to the second listener with the incumbent's identifier.
        fileprivate func refuse(by broker: Broker) throws {
            let files = try certificates()
            let options =
                switch self {
                case .nameless, .nameless3: files.client("nameless")
                case .none, .required: files.client
                default: files.client(rawValue)
                }
            let port = broker.ports[1]
            switch self {
            case .nameless, .nameless3, .none:
                let client = try RawClient(port: port, over: .tls(options))
                let version: Version = self == .nameless3 ? .v4 : .v5
                client.send(Wire.connect(Incumbent.identifier, version, username: "joe"))
                try client.expectClosed(
                    after: version == .v4 ? [0x20, 2, 0, 4] : [0x20, 3, 0, 0x86, 0]
                )
            default: try expectRefusal(options, port: port, identifier: Incumbent.identifier)
            }
        }
    }

    private static func broker(_ kind: Kind, _ workers: Int) throws -> Broker {
        try Broker(
            "listener %PORT% 127.0.0.1\nlistener_allow_anonymous true\nlog_type all\n"
                + tlsListener("%PORT2%", kind.options),
            workers: workers
        )
    }

    @Test("An absent session and its queue stay", arguments: Kind.allCases, [1, 2])
    func absent(kind: Kind, workers: Int) throws {
        let broker = try Self.broker(kind, workers)
        try Incumbent(broker).checkAbsentSession { try kind.refuse(by: broker) }
        try broker.stop()
    }

    @Test("A connected client and its will stay", arguments: Kind.allCases, [1, 2])
    func connected(kind: Kind, workers: Int) throws {
        let broker = try Self.broker(kind, workers)
        try Incumbent(broker).checkConnection { try kind.refuse(by: broker) }
        try broker.stop()
    }
}
