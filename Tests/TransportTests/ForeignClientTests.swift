// SPDX-License-Identifier: Apache-2.0
// Clients other people wrote: Debian's, paho and a browser.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Clients of others")
struct ForeignClientTests {
    private static func config() throws -> String {
        try open + tlsListener() + "listener %PORT2% 127.0.0.1\nprotocol websockets\n"
            + tlsListener("%PORT3%", "protocol websockets")
    }

    /// A Python with paho-mqtt, if there is one.
    private static let python: String? = {
        let root = Broker.packageRoot + "/.build/"
        let candidates = [
            root + "venv/bin/python3", root + "python/bin/python3", "/usr/bin/python3",
        ]
        return candidates.first { path in
            let outcome = try? ChildProcess.run(path, ["-c", "import paho.mqtt.client"])
            return outcome?.status == 0
        }
    }()

    /// Subscribes, publishes 20 messages of growing size at QoS 2, and prints what came back.
    private static let script = """
        import sys, threading
        import paho.mqtt.client as mqtt
        port, transport, authorities = int(sys.argv[1]), sys.argv[2], sys.argv[3]
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, transport=transport, protocol=mqtt.MQTTv5)
        if authorities:
            client.tls_set(ca_certs=authorities)
        sizes, done = [], threading.Event()
        def message(client, data, message):
            sizes.append(len(message.payload))
            if len(sizes) == 20:
                done.set()
        def subscribed(client, *rest):
            for index in range(20):
                client.publish("paho", b"x" * (1 << index), 2)
        client.on_message = message
        client.on_subscribe = subscribed
        client.on_connect = lambda client, *rest: client.subscribe("paho", 2)
        client.connect("localhost", port)
        client.loop_start()
        print(done.wait(15), sizes == [1 << index for index in range(20)])
        client.disconnect()
        client.loop_stop()
        """

    @Test(
        "paho-mqtt over TLS, WebSocket and both",
        .enabled(if: python != nil, "no Python with paho-mqtt"),
        arguments: [(0, "tcp", true), (1, "websockets", false), (2, "websockets", true)],
        Broker.reactorCounts
    )
    func paho(row: (port: Int, transport: String, isSecure: Bool), workers: Int) throws {
        let broker = try Broker(
            "max_packet_size 2000000\n" + Self.config(),
            workers: workers
        )
        let authorities = try certificates().path("root.crt")
        let outcome = try ChildProcess.run(
            try #require(Self.python),
            [
                "-c", Self.script, "\(broker.ports[row.port])", row.transport,
                row.isSecure ? authorities : "",
            ],
            seconds: 30
        )
        #expect(outcome.output == "True True\n", "\(outcome.errors)")
        try broker.stop()
    }

    @Test("Debian's mosquitto_pub and mosquitto_sub over TLS, with certificates")
    func debian() throws {
        let files = try certificates()
        let broker = try Broker.shared(
            open + tlsListener("%PORT%", clientCertificates()),
            workers: 4
        )
        let common = [
            "-h", "localhost", "-p", "\(broker.port)", "--cafile", files.path("root.crt"), "--cert",
            files.path("client.crt"), "--key", files.path("client.key"), "-t", "debian", "-q", "2",
        ]
        let subscriber = try ChildProcess(
            "/usr/bin/mosquitto_sub",
            common + ["-C", "1", "-i", "debian-sub"]
        )
        try broker.waitForLog(containing: "debian-sub 2 debian")
        let outcome = try ChildProcess.run("/usr/bin/mosquitto_pub", common + ["-m", "hello"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(subscriber.wait(seconds: 10)?.output == "hello\n")
    }

    private static let browser = ["/usr/bin/chromium", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(
        "The example page connects from a browser, subscribes, publishes and shows the message",
        .enabled(if: browser != nil, "no Chromium"),
        .timeLimit(.minutes(3))
    )
    func page() throws {
        let broker = try Broker(
            open + "listener %PORT% 127.0.0.1\nlistener %PORT2% 127.0.0.1\nprotocol websockets\n"
                + "websockets_origin null\nwebsockets_origin file://\n",
            workers: 2
        )
        let watcher = try RawClient.connected(to: broker, "watcher")
        try watcher.subscribe("page/+")
        let page = Broker.packageRoot + "/examples/websocket/index.html"
        let address =
            "file://\(page)?url=ws://127.0.0.1:\(broker.ports[1])&topic=page/a&say=hello&report=page/shown"
        let profile = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: profile) }
        let browser = try ChildProcess(
            try #require(Self.browser),
            [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--user-data-dir=\(profile)",
                "--disable-dev-shm-usage", "--remote-debugging-port=0", address,
            ]
        )
        try watcher.expectPublish("page/a", "hello", seconds: 40)
        try watcher.expectPublish("page/shown", "page/a: hello", seconds: 20)
        watcher.publish("page/a", "from elsewhere")
        try watcher.expectPublish("page/a", "from elsewhere")
        try watcher.expectPublish(
            "page/shown",
            "page/a: hello\npage/a: from elsewhere",
            seconds: 20
        )
        browser.signal(SIGTERM)
        #expect(browser.wait(seconds: 20) != nil)
        try broker.stop()
    }
}
