// SPDX-License-Identifier: Apache-2.0
// An exchange of SCRAM that fails changes nothing for whoever has the client identifier.

import PluginSDK
import TestSupport
import Testing

@testable import Scram

@Suite("Refused by SCRAM")
struct ScramRefusalTests {
    private typealias Broker = TestSupport.Broker

    /// How the exchange fails.
    enum Kind: String, CaseIterable, Sendable {
        case unknownMethod, malformedFirst, malformedFinal, wrongProof, unknownUser
        case otherMethod, cutShort, otherPacket, leaves

        private static let method = "SCRAM-SHA-256"
        /// Well formed and wrong.
        private static let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="

        /// What CONNACK says; nil where no CONNACK comes.
        private var reason: UInt8? {
            switch self {
            case .unknownMethod: 0x8C
            case .malformedFirst, .malformedFinal, .wrongProof, .unknownUser: 0x87
            case .otherMethod, .otherPacket: 0x82
            case .cutShort: 0x81
            case .leaves: nil
            }
        }

        /// Comes to the second listener with the incumbent's identifier.
        fileprivate func refuse(by broker: TestSupport.Broker) throws {
            let client = try RawClient(port: broker.ports[1])
            client.sendConnect(
                Incumbent.identifier,
                method: self == .unknownMethod ? "NONE" : Self.method,
                data: self == .malformedFirst
                    ? "x" : "n,,n=\(self == .unknownUser ? "nobody" : "user"),r=abc"
            )
            if self != .unknownMethod, self != .malformedFirst { try goOn(client) }
            guard let reason else { return try client.expectClosed() }
            let answer = try client.answer()
            guard answer.type == 0x20, answer.body.prefix(2) == [0, reason] else {
                throw Mismatch("not refused with \(reason): \(answer)")
            }
            try client.expectClosed()
        }

        private func goOn(_ client: RawClient) throws {
            guard let challenge = try client.answer().authenticationData(from: 1) else {
                throw Mismatch("no challenge")
            }
            let nonce = challenge.prefix { $0 != "," }
            let final = "c=biws,\(nonce),p=\(Self.proof)"
            switch self {
            case .malformedFinal: client.sendAuth(0x18, method: Self.method, data: "x")
            case .wrongProof, .unknownUser:
                client.sendAuth(0x18, method: Self.method, data: final)
            case .otherMethod: client.sendAuth(0x18, method: "PLAIN", data: final)
            case .cutShort: client.send([0xF0, 5, 0x18, 0x10, 0x15, 0, 0x0D])
            case .otherPacket: client.send(Wire.pingreq)
            default: client.send(Wire.disconnect())
            }
        }
    }

    private static func broker(_ workers: Int) throws -> TestSupport.Broker {
        try Broker(
            "log_type all\nplugin_load scram \(Broker.plugin("scram"))\n"
                + "plugin_opt_credential_file %DIR%/credentials\n"
                + "listener %PORT% 127.0.0.1\nlistener_allow_anonymous true\n"
                + "listener %PORT2% 127.0.0.1\nplugin_use scram\n",
            workers: workers,
            files: ["credentials": ScramTests.vectors[0].line + "\n"]
        )
    }

    @Test("An absent session and its queue stay", arguments: Kind.allCases, [1, 2])
    func absent(kind: Kind, workers: Int) throws {
        let broker = try Self.broker(workers)
        try Incumbent(broker).checkAbsentSession { try kind.refuse(by: broker) }
        try broker.stop()
    }

    @Test("A connected client and its will stay", arguments: Kind.allCases, [1, 2])
    func connected(kind: Kind, workers: Int) throws {
        let broker = try Self.broker(workers)
        try Incumbent(broker).checkConnection { try kind.refuse(by: broker) }
        try broker.stop()
    }
}
