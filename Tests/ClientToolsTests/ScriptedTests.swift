// SPDX-License-Identifier: Apache-2.0
// What the tools do step by step with a broker, or a proxy, that a test plays.

import Glibc
import TestSupport
import Testing

@Suite("The client tools step by step")
struct ScriptedTests {
    /// CONNACK and SUBACK for mosquitto_sub.
    private func subscribe(_ client: RawClient, sessionPresent: Bool = false) throws {
        client.send(Wire.connack(.v4, sessionPresent: sessionPresent))
        let request = try client.readPacket()
        #expect(request[0] == 0x82)
        client.send([0x90, 3, request[2], request[3], 2])
    }

    @Test("a message with QoS 2 counts when the broker has released it")
    func released() throws {
        let run = try ScriptedRun("sub", "-t a -q 2 -C 2 -F %p:%m")
        let client = try run.accept()
        try subscribe(client)
        client.send(Wire.publish(.v4, "a", "first", qos: 2, id: 7))
        try client.expect("50 02 0007")
        client.send(Wire.publish(.v4, "a", "second", qos: 2, id: 8))
        try client.expect("50 02 0008")
        // The same once more is the same.
        client.send(Wire.publish(.v4, "a", "first", qos: 2, id: 7, dup: true))
        try client.expect("50 02 0007")
        client.send("62 02 0008")
        try client.expect("70 02 0008")
        #expect(run.process.output.wait(seconds: 10) { _ in true } == "second:8")
        client.send("62 02 0007")
        try client.expect("70 02 0007 E0 00")
        let end = try run.end()
        #expect(end.status == 0)
        #expect(end.output == "second:8\nfirst:7\n")
    }

    @Test(
        "what was not released is so by the session, and forgotten with it",
        arguments: [true, false]
    )
    func lost(isSessionPresent: Bool) throws {
        let run = try ScriptedRun("sub", "-t a -q 2 -C 1 -c -i id")
        let first = try run.accept()
        try subscribe(first)
        first.send(Wire.publish(.v4, "a", "kept", qos: 2, id: 7))
        try first.expect("50 02 0007")
        first.abort()
        let second = try run.accept()
        try subscribe(second, sessionPresent: isSessionPresent)
        second.send("62 02 0007")
        try second.expect("70 02 0007")
        if !isSessionPresent {
            second.send(Wire.publish(.v4, "a", "anew", qos: 0))
        }
        try second.expect("E0 00")
        let end = try run.end()
        #expect(end.output == (isSessionPresent ? "kept\n" : "anew\n"))
    }

    @Test("with -d a message stands behind the line about its last acknowledgement")
    func traced() throws {
        let run = try ScriptedRun("sub", "-t a -q 2 -C 1 -d -i id")
        let client = try run.accept()
        try subscribe(client)
        client.send(Wire.publish(.v4, "a", "text", qos: 2, id: 7))
        try client.expect("50 02 0007")
        client.send("62 02 0007")
        try client.expect("70 02 0007 E0 00")
        let lines = try run.end().output.split(separator: "\n").suffix(5).map(String.init)
        #expect(
            lines == [
                "Client id sending PUBREC (m7, rc0)", "Client id received PUBREL (Mid: 7)",
                "Client id sending PUBCOMP (m7)", "text", "Client id sending DISCONNECT",
            ]
        )
    }

    // MARK: SOCKS

    private static let proxies: [(tool: String, line: String, login: Bytes)] = [
        ("pub", "-h broker.example -p 1883 -t a -m b --proxy socks5h://127.0.0.1:%PORT%", []),
        (
            "pub", "-h broker.example -t a -m b --proxy socks5h://me%40home:p%3Aw@127.0.0.1:%PORT%",
            [1, 7] + Array("me@home".utf8) + [3] + Array("p:w".utf8)
        ),
        (
            "rr", "-h broker.example -t a -m b -e c --proxy socks5h://me@127.0.0.1:%PORT%",
            [1, 2] + Array("me".utf8) + [0]
        ),
        ("sub", "-h broker.example -t a -E --proxy socks5h://127.0.0.1:%PORT%", []),
    ]

    @Test("--proxy: the proxy is asked for the broker by its name", arguments: proxies)
    func proxied(_ tool: String, _ line: String, _ login: Bytes) throws {
        let run = try ScriptedRun(tool, line)
        let proxy = try run.remote.accept()
        try proxy.expect(login.isEmpty ? [5, 1, 0] : [5, 1, 2])
        proxy.sendRaw([5, login.isEmpty ? 0 : 2])
        if !login.isEmpty {
            try proxy.expect(login)
            proxy.sendRaw([1, 0])
        }
        try proxy.expect([5, 1, 0, 3, 14] + Array("broker.example".utf8) + [0x07, 0x5B])
        // The address of a reply may be a name as well.
        proxy.sendRaw([5, 0, 0, 3, 4] + Array("here".utf8) + [0, 0])
        let version: Version = tool == "rr" ? .v5 : .v4
        proxy.speak(version)
        #expect(try proxy.readPacket()[0] == 0x10)
        proxy.send(Wire.connack(version))
        if tool == "pub" {
            #expect(try proxy.readPacket() == Wire.publish(.v4, "a", "b"))
        } else {
            let request = try proxy.readPacket()
            #expect(request[0] == 0x82)
            proxy.send(Wire.suback(version, id: Int(request[3]), [0]))
            if tool == "rr" {
                #expect(try proxy.readPacket()[0] == 0x30)
                proxy.send(Wire.publish(.v5, "c", "answer"))
            }
        }
        #expect(try proxy.readPacket()[0] == 0xE0)
        let end = try run.end()
        #expect(end.status == 0)
        #expect(end.output == (tool == "rr" ? "answer\n" : ""))
        #expect(end.errors == "")
    }

    @Test(
        "--proxy: what a proxy refuses ends the tool",
        arguments: [[5, 0xFF], [4, 0], [5, 0, 5]]
    )
    func refusedByProxy(_ answer: Bytes) throws {
        let run = try ScriptedRun(
            "pub",
            "-h broker.example -t a -m b --proxy socks5h://127.0.0.1:%PORT%"
        )
        let proxy = try run.remote.accept()
        try proxy.expect([5, 1, 0])
        proxy.sendRaw(Bytes(answer.prefix(2)))
        if answer.count > 2 {
            _ = try proxy.readBytes(21)
            proxy.sendRaw([5, answer[2], 0, 1, 0, 0, 0, 0, 0, 0])
        }
        let end = try run.end()
        #expect(end.status != 0)
        #expect(end.errors.hasPrefix("Unable to connect (Proxy error"), "\(end.errors)")
    }

    // MARK: Terminals

    @Test("-w on a terminal: each topic keeps its line")
    func watched() throws {
        let run = try ScriptedRun("sub", "-t # -w -v -C 3", onTerminal: true)
        let client = try run.accept()
        try subscribe(client)
        client.send(Wire.publish(.v4, "a", "1"))
        client.send(Wire.publish(.v4, "b", "2"))
        client.send(Wire.publish(.v4, "a", "3"))
        let end = try run.end()
        #expect(end.status == 0)
        let screen = end.output.replacing("\r\n", with: "\n")
        #expect(
            screen == "\u{1B}[2J\u{1B}[1;1HBroker: 127.0.0.1\n\u{1B}[2;1H\u{1B}[Ka 1\n"
                + "\u{1B}[3;1H\u{1B}[Kb 2\n\u{1B}[2;1H\u{1B}[Ka 3\n"
        )
    }

    @Test("-W on a terminal: the time is over, and that is said")
    func timedOut() throws {
        let run = try ScriptedRun("sub", "-t a -W 1", onTerminal: true)
        let client = try run.accept()
        try subscribe(client)
        try client.expect("E0 00")
        let end = try run.end()
        #expect(end.status == 27)
        #expect(end.output.replacing("\r\n", with: "\n") == "Timed out\n")
    }
}
