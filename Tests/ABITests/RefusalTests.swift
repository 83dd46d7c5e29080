// SPDX-License-Identifier: Apache-2.0
// Whom a plugin refuses has touched nothing, and no refusal touches logins that wait for a plugin.

import TestSupport
import Testing

@Suite("Refusals and plugins")
struct RefusalTests {
    /// The global line that loads the plugin, for listeners to use.
    private static let load = Result {
        "plugin_load answers \(try HostPlugin.answers.get().path)\n"
    }
    private static let use = "plugin_use answers\n"

    private static func broker(_ workers: Int) throws -> Broker {
        try Broker(
            "log_type all\n" + load.get()
                + "listener %PORT% 127.0.0.1\nlistener_allow_anonymous true\n"
                + "listener %PORT2% 127.0.0.1\nlistener_allow_anonymous true\n" + use,
            workers: workers
        )
    }

    /// Comes to the second listener, where the plugin answers with the user name.
    private static func refuse(
        _ refusal: HostAnswerTests.Refusal,
        _ version: Version,
        by broker: Broker
    ) throws {
        let stranger = try RawClient(port: broker.ports[1])
        stranger.send(Wire.connect(Incumbent.identifier, version, username: "\(refusal.result)"))
        guard let reason = refusal.reason else { return try stranger.expectClosed() }
        try stranger.expectClosed(
            after: version == .v5 ? [0x20, 3, 0, reason, 0] : [0x20, 2, 0, 5]
        )
    }

    @Test(
        "Whom a plugin refuses, whatever its result, has not touched an absent session",
        arguments: HostAnswerTests.refusals,
        [1, 2]
    )
    func absent(refusal: HostAnswerTests.Refusal, workers: Int) throws {
        let broker = try Self.broker(workers)
        for version in [Version.v5, .v4] {
            let incumbent = Incumbent(broker)
            try incumbent.checkAbsentSession { try Self.refuse(refusal, version, by: broker) }
            try incumbent.discard()
        }
        try broker.stop()
    }

    @Test(
        "Whom a plugin refuses, whatever its result, has not touched a connection",
        arguments: HostAnswerTests.refusals,
        [1, 2]
    )
    func connected(refusal: HostAnswerTests.Refusal, workers: Int) throws {
        let broker = try Self.broker(workers)
        for version in [Version.v5, .v4] {
            let incumbent = Incumbent(broker)
            try incumbent.checkConnection { try Self.refuse(refusal, version, by: broker) }
            try incumbent.discard()
        }
        try broker.stop()
    }

    @Test("Whom a plugin refuses in its own time has touched nothing", arguments: [1, 2])
    func late(workers: Int) throws {
        let broker = try Self.broker(workers)
        let incumbent = Incumbent(broker)
        let refuse = {
            let control = try RawClient.connected(to: broker, "own-control", port: broker.ports[1])
            let mark = broker.logMark
            let stranger = try RawClient(port: broker.ports[1])
            stranger.send(Wire.connect(Incumbent.identifier, .v5, username: "-5"))
            try broker.waitForLog(containing: "REC delays \(Incumbent.identifier)", from: mark)
            control.publish("command/complete", "\(Incumbent.identifier) 11")
            try stranger.expectClosed(after: [0x20, 3, 0, 0x87, 0])
            try control.disconnect()
        }
        try incumbent.checkAbsentSession(refuse)
        try incumbent.discard()
        try incumbent.checkConnection(refuse)
        try broker.stop()
    }

    @Test(
        "Logins under way, one with the same identifier among them, end as they would have",
        // A file is asked before the plugin, and refuses names it does not have.
        arguments: RefusedConnect.allCases.filter { !$0.hasPasswordFile },
        [1, 2]
    )
    func pending(kind: RefusedConnect, workers: Int) throws {
        let broker = try kind.startBroker(workers: workers, head: Self.load.get(), first: Self.use)
        let control = try RawClient.connected(to: broker, "own-control")
        let logins = try [Incumbent.identifier, "own-other"].map { identifier in
            let client = try RawClient(broker)
            client.send(Wire.connect(identifier, .v4, username: "-5"))
            try broker.waitForLog(containing: "REC delays \(identifier)")
            return (identifier, client)
        }
        try kind.refuse(by: broker)
        for (identifier, client) in logins {
            control.publish("command/complete", "\(identifier) 0")
            try client.expect(Wire.connack(.v4))
            try client.expectSilence()
        }
        try broker.stop()
    }
}
