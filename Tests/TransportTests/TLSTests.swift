// SPDX-License-Identifier: Apache-2.0
// TLS listeners with certificates.

import COpenSSL
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("TLS listeners")
struct TLSTests {
    @Test(
        "A client connects over each version of TLS and gets its messages",
        arguments: [TLS1_2_VERSION, TLS1_3_VERSION],
        Broker.reactorCounts
    )
    func versions(version: CInt, workers: Int) throws {
        let broker = try Broker.shared(open + tlsListener(), workers: workers)
        var options = try certificates().client
        options.maximumVersion = version
        let client = try RawClient.overTLS(broker, options, identifier: unique("version"))
        #expect(client.channel?.version == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"))
        try client.expectEcho()
        try client.disconnect()
    }

    @Test("The broker sends its whole chain, so that a client needs to trust the root only")
    func chain() throws {
        let broker = try Broker.shared(open + tlsListener(), workers: 1)
        let client = try RawClient.overTLS(broker, certificates().client)
        #expect(client.channel?.serverName == "localhost")
        #expect(throws: Mismatch.self) {
            let stranger = ClientTLS(authorities: try certificates().path("other.crt"))
            _ = try RawClient(port: broker.port, over: .tls(stranger))
        }
    }

    @Test(
        "Keys of any length serve, short ones on the reactor and long ones beside it",
        arguments: ["rsa", "long"],
        [TLS1_2_VERSION, TLS1_3_VERSION]
    )
    func keyLengths(name: String, version: CInt) throws {
        let files = try certificates()
        let config = """
            listener %PORT% 127.0.0.1
            certfile \(files.path(name + ".crt"))
            keyfile \(files.path(name + ".key"))

            """
        let broker = try Broker.shared(open + config, workers: 2)
        var options = files.client
        options.maximumVersion = version
        let client = try RawClient.overTLS(broker, options)
        #expect(client.channel?.serverName == name)
        try client.expectEcho()
        try expectRefusal(ClientTLS(authorities: files.path("other.crt")), port: broker.port)
        #expect(try broker.threadNames().contains("handshake-0") == (name == "long"))
    }

    @Test("The log says what was negotiated")
    func negotiated() throws {
        let broker = try Broker.shared(open + tlsListener(), workers: 1)
        let name = unique("named")
        _ = try RawClient.overTLS(broker, certificates().client, identifier: name)
        try broker.waitForLog(
            exactly: "Client \(name) negotiated TLSv1.3 cipher TLS_AES_256_GCM_SHA384"
        )
    }

    @Test("tls_version is the lowest version", arguments: ["tlsv1.2", "tlsv1.3"])
    func minimumVersion(option: String) throws {
        let broker = try Broker.shared(
            open + tlsListener("%PORT%", "tls_version \(option)"),
            workers: 1
        )
        var options = try certificates().client
        options.maximumVersion = TLS1_2_VERSION
        if option == "tlsv1.2" {
            _ = try RawClient.overTLS(broker, options)
        } else {
            try expectRefusal(options, port: broker.port)
        }
        options.maximumVersion = TLS1_3_VERSION
        _ = try RawClient.overTLS(broker, options)
        options.maximumVersion = TLS1_1_VERSION
        options.minimumVersion = TLS1_VERSION
        try expectRefusal(options, port: broker.port)
    }

    @Test("ciphers and ciphers_tls1.3 choose the suites")
    func ciphers() throws {
        let broker = try Broker.shared(
            open
                + tlsListener(
                    "%PORT%",
                    "ciphers ECDHE-ECDSA-AES128-GCM-SHA256",
                    "ciphers_tls1.3 TLS_CHACHA20_POLY1305_SHA256"
                ),
            workers: 1
        )
        var options = try certificates().client
        let mark = broker.logMark
        _ = try RawClient.overTLS(broker, options)
        try broker.waitForLog(containing: "TLS_CHACHA20_POLY1305_SHA256", from: mark)
        options.maximumVersion = TLS1_2_VERSION
        _ = try RawClient.overTLS(broker, options)
        try broker.waitForLog(containing: "ECDHE-ECDSA-AES128-GCM-SHA256", from: mark)
    }

    @Test("A session is resumed with its ticket", arguments: [TLS1_2_VERSION, TLS1_3_VERSION])
    func resumption(version: CInt) throws {
        let broker = try Broker.shared(open + tlsListener(), workers: 4)
        var options = try certificates().client
        options.maximumVersion = version
        let first = try RawClient.overTLS(broker, options)
        try first.expectEcho()
        options.session = try #require(first.channel?.session)
        try first.disconnect()
        let second = try RawClient.overTLS(broker, options)
        #expect(second.channel?.isResumed == true)
        try second.expectEcho()
    }

    @Test(
        "mqtt is chosen by ALPN if the client offers it, and nothing is insisted on",
        arguments: [(["mqtt"], "mqtt"), (["x", "mqtt"], "mqtt"), (["h2"], nil), ([], nil)]
    )
    func applicationProtocol(offered: [String], chosen: String?) throws {
        let broker = try Broker.shared(open + tlsListener(), workers: 1)
        var options = try certificates().client
        options.protocols = offered
        let client = try RawClient.overTLS(broker, options)
        #expect(client.channel?.applicationProtocol == chosen)
    }

    @Test("Messages larger than many records arrive whole", arguments: Broker.reactorCounts)
    func largeMessages(workers: Int) throws {
        let broker = try Broker.shared(open + tlsListener(), workers: workers)
        let client = try RawClient.overTLS(broker, certificates().client)
        let topic = unique("large")
        let payload = String(repeating: "0123456789abcdef", count: 60_000)
        try client.subscribe(topic, 1)
        for id in 1...3 {
            client.send(Wire.publish(.v4, topic, payload, qos: 1, id: id))
            try client.expect(inAnyOrder: [
                Wire.puback(id), Wire.publish(.v4, topic, payload, qos: 1, id: id),
            ])
            client.send(Wire.puback(id))
        }
    }

    @Test("A client that stops reading gets everything once it reads again")
    func slowReader() throws {
        let broker = try Broker.shared(open + "max_queued_messages 0\n" + tlsListener(), workers: 1)
        let slow = try RawClient(port: broker.port, receiveBuffer: 4096)
        try slow.startTLS(certificates().client)
        slow.send(Wire.connect(unique("slow")))
        try slow.expect(Wire.connack(.v4))
        let topic = unique("flood")
        try slow.subscribe(topic)
        let publisher = try RawClient.overTLS(broker, certificates().client)
        let payload = String(repeating: "x", count: 9_000)
        for number in 0..<500 { publisher.publish(topic, "\(number) \(payload)") }
        try publisher.expectSilence()
        for number in 0..<500 { try slow.expectPublish(topic, "\(number) \(payload)") }
    }

    @Test("--tls-keylog appends secrets to a file that only its owner can read")
    func keyLog() throws {
        let directory = try Broker.makeDirectory()
        let file = directory + "/keys.log"
        let broker = try Broker(
            open + tlsListener(),
            workers: 1,
            arguments: ["--tls-keylog", file]
        )
        _ = try RawClient.overTLS(broker, certificates().client)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("CLIENT_HANDSHAKE_TRAFFIC_SECRET "))
        #expect(chmod(file, 0o644) == 0)
        _ = try RawClient.overTLS(broker, certificates().client)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
        try broker.stop()
    }
}
