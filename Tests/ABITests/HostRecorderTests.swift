// SPDX-License-Identifier: Apache-2.0
// What plugins of every interface version are called with, line by line.

import COpenSSL
import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.serialized) struct HostRecorderTests {
    static let userProperty: Bytes = [38] + Wire.string("k") + Wire.string("v")

    static func config(_ plugin: HostPlugin, _ directive: String = "plugin") -> String {
        """
        listener %PORT% 127.0.0.1
        log_type all
        \(directive) \(plugin.path)
        plugin_opt_first one
        plugin_opt_second with blanks  \n\
        plugin_opt_first again

        """
    }

    static func start(_ version: Int) throws -> Broker {
        let plugin = try #require(HostPlugin.recorders[version]).get()
        return try Broker(config(plugin), workers: 1)
    }

    /// A subscriber and a publisher come, exchange one message, and leave; then a reload and the end.
    static func runScenario(_ broker: Broker) throws {
        let subscriber = try RawClient.connected(
            to: broker,
            "sub",
            .v5,
            username: "user",
            password: "secret"
        )
        try subscriber.subscribe("a/#", 1)
        let publisher = try RawClient.connected(to: broker, "pub", .v5, username: "user")
        try publisher.publish1("a/b", "hello", properties: userProperty)
        try subscriber.expectPublish("a/b", "hello", qos: 1, id: 1, properties: userProperty)
        subscriber.send(Wire.puback(1))
        try publisher.publish1("denied/x", "no", id: 2, reason: 0x87)
        try publisher.disconnect()
        subscriber.send(Wire.unsubscribe(.v5, id: 3, ["a/#"]))
        try subscriber.expect(Wire.unsuback(.v5, id: 3))
        try subscriber.disconnect()
        let refused = try RawClient(broker)
        refused.send(Wire.connect("x", .v4, username: "wrong", password: "bad"))
        try refused.expectClosed(after: [0x20, 2, 0, 5])
        let mark = broker.logMark
        broker.process.signal(SIGHUP)
        let last =
            "REC \(broker.records.contains { $0.hasPrefix("security-init") } ? "sec" : "reload [first]=[again")"
        _ = try broker.waitForLog(containing: last, from: mark)
        try broker.stop()
    }

    /// What the scenario records, by interface version.
    static let expected: [Int: String] = [
        5: """
        init options=3
        init [first]=[one]
        init [second]=[with blanks  ]
        init [first]=[again]
        name before=recorder5
        set_info 0
        name after=recorder
        again 31
        null 3
        unknown 10
        persist 0
        $CONTROL/test/v1 0
        $CONTROL/test/v1 31
        $CONTROL/a 3
        CONTROL/something 3
        unregister tick=6
        basic-auth client=sub user=user password=secret address=127.0.0.1 port=1 clean=1 \
        keepalive=60 protocol=0 version=5 certificate=0 known=0
        connect client=sub known=1 subscriptions=0
        acl client=sub user=user topic=a/# access=4 payload=NULL len=0 qos=1 retain=0 userdata=1
        subscribe client=sub id=NULL filter=a/# options=1 identifier=0
        basic-auth client=pub user=user password=NULL address=127.0.0.1 port=1 clean=1 \
        keepalive=60 protocol=0 version=5 certificate=0 known=0
        connect client=pub known=1 subscriptions=0
        acl client=pub user=user topic=a/b access=2 payload=hello len=5 qos=1 retain=0 userdata=1
          user-property: k=v
        message-in client=pub topic=a/b payload=hello len=5 end=0 qos=1 retain=0 reason=NULL
          user-property: k=v
        acl client=sub user=user topic=a/b access=1 payload=hello len=5 qos=1 retain=0 userdata=1
          user-property: k=v
        message-out client=sub topic=a/b payload=hello len=5 end=0 qos=1 retain=0 reason=NULL
          user-property: k=v
        acl client=pub user=user topic=denied/x access=2 payload=no len=2 qos=1 retain=0 userdata=1
        disconnect client=pub reason=0
        acl client=sub user=user topic=a/# access=8 payload=NULL len=0 qos=0 retain=0 userdata=1
        unsubscribe client=sub id=NULL filter=a/# options=0 identifier=0
        disconnect client=sub reason=0
        basic-auth client=x user=wrong password=bad address=127.0.0.1 port=1 clean=1 \
        keepalive=60 protocol=0 version=4 certificate=0 known=0
        disconnect client=x reason=11
        reload event=1 userdata=1
        reload options=3
        reload [first]=[one]
        reload [second]=[with blanks  ]
        reload [first]=[again]
        cleanup userdata=1
        cleanup options=3
        cleanup [first]=[one]
        cleanup [second]=[with blanks  ]
        cleanup [first]=[again]
        """,
        4: legacy,
        3: legacy,
        2: """
        init options=3
        init [first]=[one]
        init [second]=[with blanks  ]
        init [first]=[again]
        security-init userdata=1 options=3 first=first reload=0
        unpwd userdata=1 user=user password=secret
        unpwd userdata=1 user=user password=NULL
        acl userdata=1 client=pub user=user topic=a/b access=2
        acl userdata=1 client=sub user=user topic=a/b access=1
        acl userdata=1 client=pub user=user topic=denied/x access=2
        unpwd userdata=1 user=wrong password=bad
        security-cleanup userdata=1 options=3 first=first reload=1
        security-init userdata=1 options=3 first=first reload=1
        security-cleanup userdata=1 options=3 first=first reload=0
        cleanup userdata=1 options=3 first=first
        """,
    ]

    private static let legacy = """
        init options=3
        init [first]=[one]
        init [second]=[with blanks  ]
        init [first]=[again]
        security-init userdata=1 options=3 first=first reload=0
        unpwd userdata=1 client=sub user=user password=secret
        acl userdata=1 client=sub user=user topic=a/# access=4 payload=NULL len=0 qos=1 retain=0
        unpwd userdata=1 client=pub user=user password=NULL
        acl userdata=1 client=pub user=user topic=a/b access=2 payload=hello len=5 qos=1 retain=0
        acl userdata=1 client=sub user=user topic=a/b access=1 payload=hello len=5 qos=1 retain=0
        acl userdata=1 client=pub user=user topic=denied/x access=2 payload=no len=2 qos=1 retain=0
        unpwd userdata=1 client=x user=wrong password=bad
        security-cleanup userdata=1 options=3 first=first reload=1
        security-init userdata=1 options=3 first=first reload=1
        security-cleanup userdata=1 options=3 first=first reload=0
        cleanup userdata=1 options=3 first=first
        """

    @Test("A plugin of every interface version is called with the right things", arguments: 2...5)
    func scenario(version: Int) throws {
        let broker = try Self.start(version)
        try Self.runScenario(broker)
        // A process of its own cannot keep what outlives the broker.
        let expected = try #require(Self.expected[version]).split(separator: "\n")
            .map { Broker.isolatesPlugins && $0 == "persist 0" ? "persist 10" : String($0) }
        for (found, wanted) in zip(broker.records, expected) { #expect(found == wanted) }
        #expect(broker.records.count == expected.count)
    }

    @Test(
        "Names that look like filters get no access from plugins of old interfaces",
        arguments: 2...4,
        [true, false]
    )
    func specialCharacters(version: Int, isDenying: Bool) throws {
        let plugin = try #require(HostPlugin.recorders[version]).get()
        let broker = try Broker(
            Self.config(plugin) + "auth_plugin_deny_special_chars \(isDenying)\n",
            workers: 1
        )
        for (id, user) in [("a", "b/c"), ("a+b", "c"), ("a#", "c")] {
            let client = try RawClient.connected(
                to: broker,
                id,
                .v5,
                username: user,
                password: "secret"
            )
            try client.publish1("t", "x", reason: isDenying ? 0x87 : 0x10)
        }
        if isDenying {
            let line = "ACL denying access to client with dangerous"
            try broker.waitForLog(exactly: line + #" username "b/c""#)
            try broker.waitForLog(exactly: line + #" client id "a+b""#)
        }
        try broker.stop()
        #expect(broker.records.contains { $0.contains("topic=t access=2") } != isDenying)
    }

    @Test("A denied subscription is answered as the protocol version can say it")
    func deniedSubscription() throws {
        let broker = try Self.start(5)
        // 3.1 knows no failure: it hears its QoS and gets nothing.
        for (version, code) in [(Version.v3, 1), (.v4, 0x80), (.v5, 0x87)] as [(Version, UInt8)] {
            let client = try RawClient.connected(to: broker, "c\(version)", version)
            client.send(Wire.subscribe(version, id: 1, [("denied/x", 1), ("allowed", 1)]))
            try client.expect(Wire.suback(version, id: 1, [code, 1]))
            // The plugin hears of what was done, not before it is done.
            _ = try #require(
                broker.process.errors.wait(seconds: 10) {
                    $0.contains("client=c\(version)") && $0.contains("filter=allowed")
                }
            )
            #expect(!broker.records.contains { $0.contains("filter=denied/x") })
        }
        try broker.stop()
    }

    @Test("Registration and loading are logged as in the original")
    func logLines() throws {
        let broker = try Self.start(5)
        try broker.waitForLog(
            exactly: "Plugin recorder has registered to receive 'acl-check' events."
        )
        // The name of this event in the log is that of CONNECT, as in the original.
        let connects = broker.process.errors.lines.filter {
            $0.hasSuffix("Plugin recorder has registered to receive 'connect' events.")
        }
        #expect(connects.count == 2)
        try broker.waitForLog(
            exactly: "Plugin recorder has registered to receive 'control' events"
                + " on topic $CONTROL/test/v1."
        )
        try broker.waitForLog(exactly: "Plugin recorder version 1.2 loaded.")
        let old = try Self.start(4)
        try old.waitForLog(exactly: " ├── Username/password checking enabled.")
        try old.waitForLog(exactly: " ├── TLS-PSK checking enabled.")
        try old.waitForLog(exactly: " └── Extended authentication not enabled.")
    }

    @Test(
        "A failed initialisation ends the broker with its result, without cleanup",
        arguments: 2...5
    )
    func failedInitialisation(version: Int) throws {
        let plugin = try #require(HostPlugin.recorders[version]).get()
        let directory = try Broker.makeDirectory()
        let path = directory + "/conf"
        try "user root\nplugin \(plugin.path)\nplugin_opt_fail 5\n"
            .write(toFile: path, atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path])
        #expect(outcome.status == 5)
        let kind = version == 5 ? "Plugin" : "Authentication plugin"
        #expect(outcome.errors.contains("Error: \(kind) returned 5 when initialising: "))
        #expect(outcome.errors.contains("REC init [fail]=[5]"))
        #expect(!outcome.errors.contains("cleanup"))
        #expect(!outcome.errors.contains("a second time"))
    }

    @Test("A plugin that does not want to be loaded twice is told the way out")
    func loadedTwice() throws {
        let plugin = try #require(HostPlugin.recorders[5]).get()
        let directory = try Broker.makeDirectory()
        let path = directory + "/conf"
        try "user root\nplugin \(plugin.path)\nplugin \(plugin.path)\nplugin_opt_fail 31\n"
            .write(toFile: path, atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path])
        #expect(outcome.status == 31)
        #expect(
            outcome.errors.contains(
                "Error: \(plugin.path) is loaded a second time. Load it once, by 'plugin_load NAME PATH',"
                    + " and say 'plugin_use NAME' at each listener that it is for (plugin at \(path):3)."
            )
        )
        #expect(outcome.errors.contains("Error: Plugin returned 31 when initialising: "))
    }

    @Test(
        "The will of a session that is taken over is asked about before its end is told, others after",
        arguments: [true, false],
        [1, 2]
    )
    func will(isTakenOver: Bool, workers: Int) throws {
        let plugin = try #require(HostPlugin.recorders[5]).get()
        let broker = try Broker(Self.config(plugin), workers: workers)
        let client = try RawClient(broker)
        client.send(Wire.connect("c", .v5, will: Will("gone", "w")))
        #expect(try client.readPacket().starts(with: [0x20]))
        let mark = broker.records.count
        if isTakenOver {
            let other = try RawClient.connected(to: broker, "c", .v5)
            try other.disconnect()
        } else {
            client.abort()
        }
        try broker.waitForLog(containing: "REC disconnect client=c reason=")
        try broker.waitForLog(containing: "topic=gone access=2")
        try broker.stop()
        let words = broker.records.dropFirst(mark)
            .filter { $0.contains("topic=gone") || $0.hasPrefix("disconnect") }
            .map { $0.prefix { $0 != " " } }
        #expect(words.prefix(2) == (isTakenOver ? ["acl", "disconnect"] : ["disconnect", "acl"]))
    }

    @Test("Messages, filters and answers that a plugin changes go on changed")
    func changes() throws {
        let broker = try Self.start(5)
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.subscribe("replaced", 1)
        try client.subscribe("lower", 1, id: 2)
        try client.subscribe("unsent", 0, id: 3)
        try client.subscribe("move/#", 1, id: 4)
        let publisher = try RawClient.connected(to: broker, "p", .v5)
        try publisher.publish1("replace", "payload", retain: true, properties: Self.userProperty)
        let added = [38] + Wire.string("added") + Wire.string("here")
        try client.expectPublish(
            "replaced",
            "other payload",
            qos: 1,
            id: 1,
            properties: Self.userProperty + added
        )
        client.send(Wire.puback(1))
        try publisher.publish1("lower", "high", id: 2)
        try client.expectPublish("lower", "for you")
        publisher.publish("unsent", "never")
        publisher.publish("moved/here", "low")
        try client.expectPublish("moved/here", "low")
        publisher.publish("move/here", "not any more")
        try client.expectSilence()
        try publisher.publish1("quota", "x", id: 3, reason: 0x97)
        publisher.send(Wire.publish(.v5, "close", "x", qos: 1, id: 4))
        try publisher.expectClosed()
        try broker.waitForLog(containing: "REC disconnect client=p reason=17")
        try broker.stop()
    }

    @Test("A plugin renames a client while it authenticates it, and takes $CONTROL requests")
    func renameAndControl() throws {
        let broker = try Self.start(5)
        let client = try RawClient.connected(to: broker, "c", .v5, username: "rename")
        client.publish("$CONTROL/other/v1", "{}")
        try client.expectPublish(
            "$CONTROL/other/v1/response",
            #"{"error": "endpoint not available"}"#
        )
        try broker.waitForLog(containing: "REC set_username 0")
        try broker.waitForLog(containing: "REC set_clientid 0")
        try broker.waitForLog(containing: "REC connect client=also-renamed known=1")
        client.send(Wire.publish(.v5, "$CONTROL/test/v1", "request", qos: 1, id: 1))
        let reason = [31] + Wire.string("because")
        try client.expect(
            Wire.packet(0x40, [0, 1, 0] + Wire.properties(reason))
        )
        try broker.waitForLog(
            containing: "REC control client=also-renamed topic=$CONTROL/test/v1"
                + " payload=request len=7 qos=1 retain=0"
        )
        // What a callback fails with ends the connection, after the acknowledgement.
        try client.expectClosed()
        try broker.waitForLog(containing: "REC disconnect client=also-renamed reason=6")
        try broker.stop()
    }

    @Test("[MQTT-4.12.0-2] A plugin takes a client through an exchange")
    func exchange() throws {
        let broker = try Self.start(5)
        func properties(_ method: String, _ data: String) -> Bytes {
            [21] + Wire.string(method) + [22] + Wire.string(data)
        }
        let client = try RawClient(broker)
        client.send(Wire.connect("c", .v5, properties: properties("TEST", "hello")))
        let challenge = Wire.properties(properties("TEST", "challenge"))
        try client.expect(Wire.packet(0xF0, [0x18] + challenge))
        client.send(Wire.packet(0xF0, [0x18] + Wire.properties(properties("TEST", "reply"))))
        let connack = try client.readPacket()
        #expect(connack.starts(with: [0x20]) && connack[3] == 0)
        #expect(String(decoding: connack, as: UTF8.self).contains("bye"))
        try broker.waitForLog(
            exactly: "REC ext-auth event=5 client=c method=TEST data=reply end=0"
        )
        let other = try RawClient(broker)
        other.send(Wire.connect("d", .v5, properties: properties("OTHER", "x")))
        try other.expectClosed(after: Wire.packet(0x20, [0, 0x8C, 0]))
        try broker.stop()
    }

    @Test(
        "Authentication data have a NUL byte behind them, which is not counted",
        arguments: [1, 7, 8, 13, 15, 16, 31, 32, 64, 500]
    )
    func authenticationData(count: Int) throws {
        let broker = try Self.start(5)
        let data = Bytes(repeating: UInt8(ascii: "d"), count: count)
        let client = try RawClient(broker)
        let properties = [21] + Wire.string("TEST") + [22] + Wire.int16(count) + data
        client.send(Wire.connect("c", .v5, properties: properties))
        let challenge = try client.readPacket()
        #expect(challenge[0] == 0xF0)
        let text = String(decoding: data, as: UTF8.self)
        try broker.waitForLog(
            exactly: "REC ext-auth event=4 client=c method=TEST data=\(text) end=0"
        )
        try broker.stop()
    }

    @Test(
        "A plugin gives the pre-shared key also to a client behind a proxy, whose address it sees",
        arguments: [0, 1, 2],
        [1, 4]
    )
    func preSharedKeyBehindProxy(version: Int, workers: Int) throws {
        let plugin = try #require(HostPlugin.recorders[5]).get()
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\npsk_hint hint\nlog_type all\nallow_anonymous true\n"
                + (version > 0 ? "enable_proxy_protocol \(version)\n" : "")
                + "plugin \(plugin.path)\n",
            workers: workers
        )
        let signature = hex("0D0A0D0A 000D0A51 5549540A 2111 000C")
        let head: Bytes =
            switch version {
            case 1: utf8("PROXY TCP4 192.0.2.5 10.0.0.1 6275 1883\r\n")
            case 2: signature + hex("C0000205 0A000001 1883 075B")
            default: []
            }
        var options = ClientTLS()
        options.psk = ("me", hex("12345678"))
        let client = try RawClient(broker)
        client.sendRaw(head)
        try client.startTLS(options)
        client.send(Wire.connect("inside"))
        try client.expect(Wire.connack(.v4))
        let address = version > 0 ? "192.0.2.5" : "127.0.0.1"
        let record = "client=NULL address=\(address) hint=hint identity="
        try broker.waitForLog(exactly: "REC psk event=8 \(record)me room=1")
        options.psk?.identity = "you"
        options.maximumVersion = TLS1_2_VERSION
        let stranger = try RawClient(broker)
        stranger.sendRaw(head)
        #expect(throws: Mismatch.self) { try stranger.startTLS(options) }
        try broker.waitForLog(exactly: "REC psk event=8 \(record)you room=1")
        try client.disconnect()
        try broker.stop()
    }

    @Test("A plugin gives the pre-shared key of a TLS identity", arguments: 2...4)
    func preSharedKey(version: Int) throws {
        let plugin = try #require(HostPlugin.recorders[version]).get()
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\npsk_hint hint\nlog_type all\nplugin \(plugin.path)\n"
                + "plugin_opt_first one\n",
            workers: 1
        )
        let command =
            "openssl s_client -connect 127.0.0.1:\(broker.port) -tls1_2 -psk_identity me"
            + " -psk \"$0\" -cipher PSK </dev/null"
        let right = try ChildProcess.run("/bin/sh", ["-c", command, "12345678"])
        #expect(right.output.contains("Verify return code: 0 (ok)"), "\(right.errors)")
        #expect(right.output.contains("PSK identity: me"))
        let client = version == 2 ? "" : "client=NULL "
        try broker.waitForLog(exactly: "REC psk userdata=1 \(client)hint me 1")
        let wrong = try ChildProcess.run("/bin/sh", ["-c", command, "1234"])
        #expect(wrong.status != 0)
        try broker.stop()
    }
}
