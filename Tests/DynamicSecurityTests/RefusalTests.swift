// SPDX-License-Identifier: Apache-2.0
// Whom dynamic security turns away has touched nothing of whoever has the client identifier.

import DynamicSecurity
import TestSupport
import Testing

@Suite("Refused by dynamic security")
struct RefusalTests {
    /// Who comes, and why not in.
    enum Kind: String, CaseIterable, Sendable {
        case disabled, disabledWhileAway, wrongPassword, noPassword, unknownUser, otherIdentifier
        case anonymous

        /// Has CONNECTs of both versions refused, each claiming the incumbent's identifier.
        fileprivate func refuse(by broker: TestSupport.Broker) throws {
            if self == .disabledWhileAway {
                let answer = try Administrator(port: broker.port)
                    .run(#""command":"disableClient","username":"known""#)
                guard !answer.contains("error") else { throw Mismatch(answer) }
            }
            let (name, password): (String?, String?) =
                switch self {
                case .disabled: ("off", "p")
                case .disabledWhileAway: ("known", "p")
                case .wrongPassword: ("known", "wrong")
                case .noPassword: ("known", nil)
                case .unknownUser: ("nobody", "p")
                case .otherIdentifier: ("fixed", "p")
                case .anonymous: (nil, nil)
                }
            for version in [Version.v5, .v4] {
                let stranger = try RawClient(broker)
                stranger.send(
                    Wire.connect(Incumbent.identifier, version, username: name, password: password)
                )
                try stranger.expectClosed(
                    after: version == .v5 ? [0x20, 3, 0, 0x87, 0] : [0x20, 2, 0, 5]
                )
            }
        }
    }

    private static func start(_ workers: Int) throws -> TestSupport.Broker {
        let hash = try #require(
            StoredPassword.make(ByteString(AdministeredBroker.password), iterations: 10)
        ).text
        let all = #""publishClientSend":true,"publishClientReceive":true,"subscribe":true"#
        let broker = try TestSupport.Broker(
            """
            listener %PORT% 127.0.0.1
            allow_anonymous false
            log_type all
            plugin \(AdministeredBroker.ownPlugin)
            plugin_opt_config_file %DIR%/dynsec.json

            """,
            workers: workers,
            files: [
                "dynsec.json":
                    #"{"clients":[{"username":"admin","encoded_password":"\#(hash)","roles":[{"rolename":"admin"}]}],"roles":[{"rolename":"admin","acls":[{"acltype":"publishClientSend","topic":"$CONTROL/#","allow":true},{"acltype":"subscribePattern","topic":"$CONTROL/#","allow":true},{"acltype":"publishClientReceive","topic":"$CONTROL/#","allow":true}]}],"defaultACLAccess":{\#(all),"unsubscribe":true}}"#
            ]
        )
        let administrator = try Administrator(port: broker.port)
        for command in [
            #""createClient","username":"owner","password":"p""#,
            #""createClient","username":"known","password":"p""#,
            #""createClient","username":"fixed","password":"p","clientid":"other""#,
            #""createClient","username":"off","password":"p""#,
            #""disableClient","username":"off""#,
        ] {
            let answer = try administrator.run(#""command":\#(command)"#)
            #expect(!answer.contains("error"), "\(answer)")
        }
        return broker
    }

    @Test("An absent session and its queue stay", arguments: Kind.allCases, [1, 2])
    func absent(kind: Kind, workers: Int) throws {
        let broker = try Self.start(workers)
        try Incumbent(broker, username: "owner", password: "p").checkAbsentSession {
            try kind.refuse(by: broker)
        }
        try broker.stop()
    }

    @Test("A connected client and its will stay", arguments: Kind.allCases, [1, 2])
    func connected(kind: Kind, workers: Int) throws {
        let broker = try Self.start(workers)
        try Incumbent(broker, username: "owner", password: "p").checkConnection {
            try kind.refuse(by: broker)
        }
        try broker.stop()
    }
}
