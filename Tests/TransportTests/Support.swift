// SPDX-License-Identifier: Apache-2.0
// What the transport tests have in common.

import Foundation
import Glibc
import TestSupport

/// The certificates; throws when they could not be made.
func certificates() throws -> Certificates { try Certificates.shared.get() }

/// A TLS listener with the server certificate, and whatever else is given.
func tlsListener(_ port: String = "%PORT%", _ more: String...) throws -> String {
    let files = try certificates()
    return """
        listener \(port) 127.0.0.1
        certfile \(files.path("server.crt"))
        keyfile \(files.path("server.key"))
        \(more.joined(separator: "\n"))

        """
}

/// Global lines for a broker that lets everybody in and logs everything.
let open = "allow_anonymous true\nlog_type all\n"

/// The lines for listeners that want client certificates.
func clientCertificates() throws -> String {
    "require_certificate true\ncafile \(try certificates().path("ca.crt"))"
}

/// Starts the broker with a configuration it must refuse.
func refusal(of config: String, arguments: [String] = []) throws -> Outcome {
    let directory = try Broker.makeDirectory()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let path = directory + "/mosquitto.conf"
    let user = geteuid() == 0 ? "user root\n" : ""
    let text = (user + config).replacing("%PORT%", with: "\(try Broker.freePort())")
        .replacing("%DIR%", with: directory)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    return try ChildProcess.run(Broker.executable, ["-c", path] + arguments)
}

extension RawClient {
    /// Connects over TLS, opens a session and returns.
    static func overTLS(
        _ broker: Broker,
        _ options: ClientTLS,
        port: Int? = nil,
        identifier: String = unique("tls")
    ) throws -> RawClient {
        let client = try RawClient(port: port ?? broker.port, over: .tls(options))
        client.send(Wire.connect(identifier))
        try client.expect(Wire.connack(.v4))
        return client
    }

    /// Sends a message to itself.
    func expectEcho(_ topic: String = unique("echo")) throws {
        try subscribe(topic)
        publish(topic, "there")
        try expectPublish(topic, "there")
    }
}

/// Runs a TLS client that must not get in: the handshake fails, or what comes after it.
func expectRefusal(
    _ options: ClientTLS,
    port: Int,
    identifier: String = unique("refused")
) throws {
    let client = try RawClient(port: port)
    do {
        try client.startTLS(options)
    } catch is Mismatch {
        // TLS 1.2: the client learns of it during the handshake.
        return
    }
    // TLS 1.3: the client has finished before the broker looks at its certificate.
    client.send(Wire.connect(identifier))
    if let packet = client.nextPacket(seconds: 5) {
        throw Mismatch("let in with \(hexText(packet))")
    }
    guard client.isClosed else { throw Mismatch("neither let in nor refused") }
}

/// Repeats `body` until it does not throw, for five seconds.
func eventually(_ body: () throws -> Void) throws {
    let end = Date(timeIntervalSinceNow: 5)
    while true {
        do {
            return try body()
        } catch  where end.timeIntervalSinceNow > 0 {
            // Not yet; the pause keeps the machine free for the broker.
            usleep(5_000)
        }
    }
}
