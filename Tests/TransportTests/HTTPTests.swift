// SPDX-License-Identifier: Apache-2.0
// The HTTP API.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("HTTP API")
struct HTTPTests {
    private static let config = """
        allow_anonymous true
        log_type all
        listener %PORT% 127.0.0.1
        protocol http_api
        http_dir %DIR%
        listener 0 %DIR%/socket
        listener %PORT2% 127.0.0.1
        protocol websockets

        """

    /// Sends a request and reads the answer to its end.
    private static func request(
        _ broker: Broker,
        _ line: String,
        _ fields: [String] = ["Host: localhost"],
        tls: ClientTLS? = nil
    ) throws -> (status: String, head: String, body: String) {
        let client = try RawClient(broker)
        if let tls { try client.startTLS(tls) }
        client.sendRaw(utf8(([line] + fields + ["", ""]).joined(separator: "\r\n")))
        let head = try client.readHead()
        let lines = head.split(separator: "\r\n").map(String.init)
        let length = lines.first { $0.hasPrefix("Content-Length: ") }?.dropFirst(16)
        let count = try #require(length.flatMap { Int($0) })
        let body = try client.readBytes(count)
        try client.expectClosed()
        return (String(lines[0].dropFirst(9)), head, String(decoding: body, as: UTF8.self))
    }

    private static func broker(workers: Int = 1) throws -> Broker {
        try Broker(
            config,
            workers: workers,
            files: [
                "index.html": "<p>start</p>", "page.txt": String(repeating: "x", count: 1 << 20),
            ]
        )
    }

    @Test("The version is a plain text", arguments: Broker.reactorCounts)
    func version(workers: Int) throws {
        let broker = try Self.broker(workers: workers)
        for path in [
            "/api/v1/version", "/API/v1/version", "/api/v1/version?x=y", "/%61pi/v1/version",
        ] {
            let answer = try Self.request(broker, "GET \(path) HTTP/1.1")
            #expect(answer.status == "200 OK" && answer.body == "2.1.2")
            #expect(!answer.head.contains("Access-Control-Allow-Origin"))
        }
        try broker.stop()
    }

    @Test("The listeners are listed in their order")
    func listeners() throws {
        let broker = try Self.broker()
        let body = try Self.request(broker, "GET /api/v1/listeners HTTP/1.1").body
        #expect(body.hasPrefix("{\n\t\"listeners\":\t[{\n\t\t\t\"port\":\t\(broker.port),\n"))
        let value = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        let list = try #require(value?["listeners"] as? [[String: Any]])
        #expect(list.map { $0["protocol"] as? String } == ["httpapi", "mqtt", "websockets"])
        #expect(list[1]["path"] as? String == broker.directory + "/socket")
        #expect(list.allSatisfy { $0["allow_anonymous"] as? Bool == true })
        #expect(list.allSatisfy { $0["tls"] as? Bool == false && $0["mtls"] as? Bool == false })
        try broker.stop()
    }

    @Test("The figures are numbers by topic")
    func figures() throws {
        let broker = try Self.broker()
        let client = try RawClient(path: broker.directory + "/socket")
        client.send(Wire.connect("counted"))
        try client.expect(Wire.connack(.v4))
        let body = try Self.request(broker, "GET /api/v1/systree HTTP/1.1").body
        let value = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Int]
        let figures = try #require(value)
        #expect(figures.count == 25)
        #expect((figures["$SYS/broker/heap/maximum"] ?? 0) > 10_000)
        #expect(figures["$SYS/broker/clients/total"] == 1)
        #expect(figures["$SYS/broker/clients/connected"] == 1, "who asks is no client")
        #expect(figures["$SYS/broker/connections/socket/count"] == 1)
        #expect((figures["$SYS/broker/clients/maximum"] ?? 0) >= 1)
        #expect((figures["$SYS/broker/bytes/received"] ?? 0) > 0)
        #expect((figures["$SYS/broker/uptime"] ?? -1) >= 0)
        #expect(figures.keys.allSatisfy { $0.hasPrefix("$SYS/broker/") })
        try broker.stop()
    }

    @Test("systree has these figures and no others")
    func figureNames() throws {
        let broker = try Self.broker()
        let body = try Self.request(broker, "GET /api/v1/systree HTTP/1.1").body
        let value = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Int]
        let names = [
            "clients/total", "clients/maximum", "clients/disconnected", "clients/connected",
            "clients/expired", "messages/stored", "store/messages/bytes", "subscriptions/count",
            "shared_subscriptions/count", "retained messages/count", "heap/current",
            "heap/maximum", "messages/received",
            "messages/sent", "bytes/received", "bytes/sent", "publish/bytes/received",
            "publish/bytes/sent", "packet/out/count", "packet/out/bytes",
            "connections/socket/count", "publish/messages/dropped", "publish/messages/received",
            "publish/messages/sent", "uptime",
        ]
        #expect(Set(try #require(value).keys) == Set(names.map { "$SYS/broker/" + $0 }))
        try broker.stop()
    }

    @Test("Without a configuration the API is on the loopback address, if its port is free")
    func localOnly() throws {
        let broker = try Broker(nil, workers: 1, arguments: ["-p", "%PORT%", "-v"])
        if broker.process.errors.lines.contains(where: { $0.hasSuffix("its port is in use.") }) {
            try RawClient(broker).expectSilence()
        } else {
            let client = try RawClient(port: 9883)
            client.sendRaw(utf8("GET /api/v1/listeners HTTP/1.1\r\nHost: a\r\n\r\n"))
            #expect(try client.readHead().hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
        try broker.stop()
    }

    /// `mon:secret` and `out:side`.
    private static let passwords =
        "mon:$7$1000$ZTx446yU4tM3eVbTKEwUBocIjPNiyLOzuVJa5iAJbP5gy8uNThQ9o+u9KLxASn+vHUwrgXm4vbuh"
        + "PyaY2185Bw==$gLm+2l/CFky/uX5sxkpNqMjThQyifa14FV3kOXO5TTyTfB49BEyh3LVSWufo87nGBl7CfHtl"
        + "DClETAtc7iPTZw==\n"
        + "out:$7$1000$i/VO3l5KI/jrZgWwDztxWzywSCseu5rwoABX2QVnKUrfMjZ0OonOUNIvhOusRYa9bvB/8XTZ"
        + "rKhCovZyfTGGsQ==$6LEaK4NHCknL1RA0LjJ4K96Kil66such17RC9t/MXCZ7ntZim+HfYcjlGxvFZuLIFFLj"
        + "e4daDWCCkOlimVYV8A==\n"

    @Test("Password file or a plugin that answers late, and then the access file, decide who asks")
    func decisions() throws {
        let folder = Broker.packageRoot + "/plugins-c"
        let made = try ChildProcess.run(
            "/usr/bin/env",
            ["make", "-s", "-C", folder, "PLUGINS=delayed_auth"]
        )
        #expect(made.status == 0, "\(made.errors)")
        for authority in [
            "password_file %DIR%/passwords",
            "plugin \(folder)/delayed_auth/delayed_auth.so\nplugin_opt_delay_ms 50\n"
                + "plugin_opt_user mon:secret\nplugin_opt_user out:side",
        ] {
            let broker = try Broker(
                "log_type all\n\(authority)\nacl_file %DIR%/rules\n"
                    + "listener %PORT% 127.0.0.1\nprotocol http_api\n",
                workers: 2,
                files: [
                    "rules": "user mon\ntopic read /api/v1/#\n",
                    "passwords": Self.passwords,
                ]
            )
            for (credentials, path, status) in [
                ("mon:secret", "/api/v1/version", "200 OK"),
                ("mon:secret", "/page", "401 Unauthorized"),
                ("mon:wrong", "/api/v1/version", "401 Unauthorized"),
                ("out:side", "/api/v1/version", "401 Unauthorized"),
                (nil, "/api/v1/version", "401 Unauthorized"),
            ] {
                let text = credentials.map { Data($0.utf8).base64EncodedString() }
                let fields = text.map { ["Authorization: Basic \($0)"] } ?? []
                let answer = try Self.request(broker, "GET \(path) HTTP/1.1", fields)
                #expect(answer.status == status, "\(authority): \(credentials ?? "nobody") \(path)")
            }
            try broker.stop()
        }
    }

    @Test("Requests that are being decided about count as logins of their address")
    func pendingLogins() throws {
        let folder = Broker.packageRoot + "/plugins-c"
        let made = try ChildProcess.run(
            "/usr/bin/env",
            ["make", "-s", "-C", folder, "PLUGINS=delayed_auth"]
        )
        #expect(made.status == 0, "\(made.errors)")
        let broker = try Broker(
            "max_pending_logins 2\nplugin \(folder)/delayed_auth/delayed_auth.so\n"
                + "plugin_opt_delay_ms 1000\nplugin_opt_user mon:secret\n"
                + "listener %PORT% 127.0.0.1\nprotocol http_api\n",
            workers: 1
        )
        let credentials = Data("mon:secret".utf8).base64EncodedString()
        let request = utf8(
            "GET /api/v1/version HTTP/1.1\r\nAuthorization: Basic \(credentials)\r\n\r\n"
        )
        let clients = try (0..<3).map { _ in
            let client = try RawClient(broker)
            client.sendRaw(request)
            return client
        }
        // Guests take turns: which one of them comes last is the broker's affair.
        let answers = try clients.map { try $0.readHead().prefix(12) }
        #expect(answers.sorted() == ["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 503"])
        try broker.stop()
    }

    @Test("Requests that come at once are all decided about", arguments: Broker.reactorCounts)
    func crowd(workers: Int) throws {
        let broker = try Broker(
            "password_file %DIR%/passwords\nlistener %PORT% 127.0.0.1\nprotocol http_api\n",
            workers: workers,
            files: ["passwords": Self.passwords]
        )
        let clients = try (0..<8).map { _ in try RawClient(broker) }
        for (index, client) in clients.enumerated() {
            let credentials = index % 2 == 0 ? "mon:secret" : "mon:wrong"
            let text = Data(credentials.utf8).base64EncodedString()
            client.sendRaw(
                utf8("GET /api/v1/version HTTP/1.1\r\nAuthorization: Basic \(text)\r\n\r\n")
            )
        }
        for (index, client) in clients.enumerated() {
            let status = index % 2 == 0 ? "200 OK" : "401 Unauthorized"
            #expect(try client.readHead().hasPrefix("HTTP/1.1 \(status)\r\n"))
        }
        try broker.stop()
    }

    @Test("Files below http_dir are served, nothing else")
    func files() throws {
        let broker = try Self.broker()
        #expect(symlink("/etc/hostname", broker.directory + "/outside") == 0)
        #expect(try Self.request(broker, "GET / HTTP/1.1").body == "<p>start</p>")
        let large = try Self.request(broker, "GET /page.txt HTTP/1.0")
        #expect(large.status == "200 OK" && large.body.count == 1 << 20)
        for path in [
            "/none", "/../../../../../../etc/hostname", "/outside", "/socket", "/.", "/api/v1/none",
            "/api/v1/Version", "/api/", "/%2e%2e/%2e%2e/%2e%2e/etc/hostname",
        ] {
            let answer = try Self.request(broker, "GET \(path) HTTP/1.1")
            #expect(answer.status == "404 Not Found" && answer.body == "Not found.\n", "\(path)")
        }
        try broker.stop()
    }

    @Test("What the rules allow is what is served, however the path is spelt")
    func resolvedPaths() throws {
        let folder = NSTemporaryDirectory() + unique("www")
        #expect(mkdir(folder, 0o755) == 0)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let broker = try Broker(
            "allow_anonymous true\nacl_file %DIR%/rules\nlistener %PORT% 127.0.0.1\n"
                + "protocol http_api\nhttp_dir \(folder)\n",
            workers: 1,
            files: ["rules": "topic read /public/#\ntopic read /api/v1/version\n"]
        )
        for name in ["/public", "/private", "/public/sub"] {
            #expect(mkdir(folder + name, 0o755) == 0)
        }
        try "open".write(toFile: folder + "/public/a.txt", atomically: true, encoding: .utf8)
        try "start".write(toFile: folder + "/public/index.html", atomically: true, encoding: .utf8)
        try "secret".write(toFile: folder + "/private/s.txt", atomically: true, encoding: .utf8)
        #expect(symlink("../private/s.txt", folder + "/public/link") == 0)
        #expect(symlink("a.txt", folder + "/public/inside") == 0)
        #expect(symlink("../private", folder + "/public/dir") == 0)
        #expect(symlink("/etc/hostname", folder + "/public/outside") == 0)
        for (path, status, body) in [
            ("/public/a.txt", 200, "open"), ("//public///a.txt", 200, "open"),
            ("/public/./a.txt", 200, "open"), ("/%70ublic/a.txt", 200, "open"),
            ("/public%2Fa.txt", 200, "open"), ("/private/../public/a.txt", 200, "open"),
            ("/public/", 200, "start"), ("/public/inside", 200, "open"),
            ("/public/a.txt?x=/private", 200, "open"), ("/public/a.txt#x", 200, "open"),
            ("/api/v1/version", 200, "2.1.2"), ("/API/v1/version", 200, "2.1.2"),
            ("/public/../api/v1/version", 200, "2.1.2"),
            ("/private/s.txt", 401, nil), ("/public/../private/s.txt", 401, nil),
            ("/public/%2e%2e/private/s.txt", 401, nil), ("/public/..%2Fprivate/s.txt", 401, nil),
            ("/public/sub/../../private/s.txt", 401, nil), ("/public/link", 401, nil),
            ("/public/dir/s.txt", 401, nil), ("/public/../../rules", 401, nil),
            ("/public/../api/v1/listeners", 401, nil), ("/API/v1/listeners", 401, nil),
            ("/public//../private/s.txt", 401, nil), ("/public/%252e%252e/private/s.txt", 404, nil),
            ("/public/outside", 404, nil), ("/public/a.txt.", 404, nil), ("/public/...", 404, nil),
            ("/public/sub", 404, nil), ("/public/a.txt/", 404, nil), ("/public/%FF", 404, nil),
            ("/public/a.txt%00", 400, nil), ("/public/%2", 400, nil),
        ] as [(String, Int, String?)] {
            let answer = try Self.request(broker, "GET \(path) HTTP/1.1")
            #expect(answer.status.hasPrefix("\(status) "), "\(path): \(answer.status)")
            if let body { #expect(answer.body == body, "\(path)") }
        }
        try broker.stop()
    }

    @Test("A file is sent as it is taken, and those who do not take it get no more memory")
    func streaming() throws {
        let broker = try Broker(
            "allow_anonymous true\nlistener %PORT% 127.0.0.1\nprotocol http_api\n"
                + "http_dir %DIR%\nhttp_memory_limit 200000\nlistener %PORT2% 127.0.0.1\n",
            workers: 1
        )
        let path = broker.directory + "/big"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        #expect(truncate(path, 40 << 20) == 0)
        let slow = try (0..<2).map { _ in try RawClient(broker) }
        for client in slow {
            client.sendRaw(utf8("GET /big HTTP/1.1\r\n\r\n"))
            #expect(try client.readHead().contains("\r\nContent-Length: 41943040\r\n"))
        }
        // Two answers of 66 KiB are on their way; a third has no room.
        let refused = try Self.request(broker, "GET /big HTTP/1.1")
        #expect(refused.status == "503 Service Unavailable")
        #expect(try Self.request(broker, "GET /api/v1/version HTTP/1.1").status == "200 OK")
        #expect(try slow[0].readBytes(40 << 20).allSatisfy { $0 == 0 })
        try slow[0].expectClosed()
        #expect(try Self.request(broker, "GET / HTTP/1.1").status == "404 Not Found")
        slow[1].abort()
        try broker.stop()
    }

    @Test("Unfinished requests are counted, and the connections themselves")
    func unfinished() throws {
        let broker = try Broker(
            "allow_anonymous true\nlistener %PORT% 127.0.0.1\nprotocol http_api\n"
                + "http_memory_limit 20000\n",
            workers: 1
        )
        let first = try RawClient(broker)
        first.sendRaw(utf8("GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 2500)))
        // What was sent before is read by the time these are answered.
        for _ in 0..<3 {
            #expect(try Self.request(broker, "GET /api/v1/version HTTP/1.1").status == "200 OK")
        }
        let second = try RawClient(broker)
        second.sendRaw(utf8("GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 1500)))
        #expect(try second.readHead().hasPrefix("HTTP/1.1 503 "))
        first.abort()
        #expect(try Self.request(broker, "GET /api/v1/version HTTP/1.1").status == "200 OK")
        let crowd = try (0..<12).map { _ in try RawClient(broker) }
        try crowd[11].expectClosed()
        try broker.stop()
    }

    @Test("HTTP answers are no control packets")
    func countsNoPackets() throws {
        let broker = try Self.broker()
        let reader = try RawClient(broker)
        let path = broker.directory + "/big"
        let ones = Data(repeating: 1, count: 15 << 20)
        #expect(FileManager.default.createFile(atPath: path, contents: ones))
        reader.sendRaw(utf8("GET /big HTTP/1.1\r\n\r\n"))
        _ = try reader.readHead()
        _ = try reader.readBytes(6_000_000)
        let body = try Self.request(broker, "GET /api/v1/systree HTTP/1.1").body
        let value = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Int]
        #expect(value?["$SYS/broker/packet/out/count"] == 0)
        #expect(value?["$SYS/broker/packet/out/bytes"] == 0)
        reader.abort()
        try broker.stop()
    }

    @Test(
        "Other methods and broken requests are refused, targets of another form understood",
        arguments: [
            ("POST /api/v1/version HTTP/1.1", "405 Method Not Allowed"),
            ("OPTIONS / HTTP/1.1", "405 Method Not Allowed"), ("GET", "400 Bad Request"),
            ("GET / HTTP/2.0", "400 Bad Request"), ("GET nowhere HTTP/1.1", "404 Not Found"),
            ("GET * HTTP/1.1", "404 Not Found"), ("POST * HTTP/1.1", "405 Method Not Allowed"),
            ("GET ../../../../../../../../etc/passwd HTTP/1.1", "404 Not Found"),
            ("GET http://localhost HTTP/1.1", "404 Not Found"),
            ("GET http://localhost/api/v1/version HTTP/1.1", "200 OK"),
            ("GET /%zz HTTP/1.1", "400 Bad Request"), ("GET /%00 HTTP/1.1", "400 Bad Request"),
        ]
    )
    func refused(line: String, status: String) throws {
        let broker = try Broker.shared(
            open + "listener %PORT% 127.0.0.1\nprotocol http_api\nhttp_dir /tmp\n",
            workers: 1
        )
        #expect(try Self.request(broker, line).status == status)
    }

    @Test("Without anonymous clients a name is asked for")
    func notAuthorized() throws {
        let broker = try Broker(
            "log_type all\nlistener %PORT% 127.0.0.1\nprotocol http_api\n",
            workers: 1
        )
        for fields in [
            ["Host: a"], ["Authorization: Basic am9lOmpvZQ=="], ["Authorization: Basic ?"],
        ] {
            let answer = try Self.request(broker, "GET /api/v1/version HTTP/1.1", fields)
            #expect(answer.status == "401 Unauthorized" && answer.body == "Not authorised\n")
            #expect(answer.head.contains("\r\nWWW-Authenticate: Basic realm=\"Mosquitto API\"\r\n"))
        }
        try broker.stop()
    }

    @Test("The API over TLS")
    func overTLS() throws {
        let broker = try Broker.shared(
            open + tlsListener("%PORT%", "protocol http_api"),
            workers: 4
        )
        let answer = try Self.request(
            broker,
            "GET /api/v1/listeners HTTP/1.1",
            tls: certificates().client
        )
        #expect(answer.body.contains("\"tls\":\ttrue"))
    }

    @Test("A request may come byte by byte; half of one is ended by its peer")
    func pieces() throws {
        let broker = try Self.broker()
        let client = try RawClient(broker)
        for byte in utf8("GET /api/v1/version HTTP/1.1\r\n\r\n") { client.sendRaw([byte]) }
        #expect(try client.readHead().hasPrefix("HTTP/1.1 200 OK\r\n"))
        let half = try RawClient(broker)
        half.sendRaw(utf8("GET / HT"))
        half.abort()
        #expect(try Self.request(broker, "GET /api/v1/version HTTP/1.1").body == "2.1.2")
        try broker.stop()
    }
}
