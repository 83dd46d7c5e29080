// SPDX-License-Identifier: Apache-2.0
// Brokers that refuse, break the protocol or go away, at each step.

import Glibc
import TestSupport
import Testing

@Suite("The client tools and brokers that misbehave")
struct MisbehaviourTests {
    private static let refusals: [(String, String, Version, Bytes, Int32, String)] = [
        (
            "pub", "-t a -m b", .v4, [0x20, 2, 0, 5], 5,
            "Connection error: Connection Refused: not authorised\n"
                + "Error: The connection was refused\n"
        ),
        (
            "sub", "-t a", .v4, [0x20, 2, 0, 2], 2,
            "Connection error: Connection Refused: identifier rejected\n"
        ),
        ("sub", "-t a --quiet", .v4, [0x20, 2, 0, 3], 3, ""),
        (
            "sub", "-t a -V 5", .v5, [0x20, 3, 0, 0x87, 0], 135,
            "Connection error: Not authorized\n"
        ),
        (
            "pub", "-t a -l -V 5", .v5, [0x20, 3, 0, 0x86, 0], 134,
            "Connection error: Bad User Name or Password\nError: The connection was refused\n"
        ),
        (
            "pub", "-t a -m b -V 5", .v5, [0x20, 3, 0, 0x89, 0], 137,
            "Connection error: Server busy\n"
                + "Error: A network protocol error occurred when communicating with the broker\n"
        ),
        (
            "rr", "-t a -m b -e c", .v5, [0x20, 3, 0, 0x85, 0], 133,
            "Connection error: Client Identifier not valid\n"
        ),
        (
            "sub", "-t a -V 5", .v5, [0x20, 3, 0, 0x84, 0], 132,
            "Connection error: Unsupported Protocol Version. "
                + "Try connecting to an MQTT v5 broker, or use MQTT v3.x mode.\n"
        ),
    ]

    @Test("CONNACK that refuses: its code is the exit status", arguments: refusals)
    func refusal(
        _ tool: String,
        _ line: String,
        _ version: Version,
        _ connack: Bytes,
        _ status: Int32,
        _ errors: String
    ) throws {
        let run = try ScriptedRun(tool, line)
        let client = try run.accept(version)
        client.send(connack)
        let end = try run.end()
        #expect(end.status == status)
        #expect(end.errors == errors)
    }

    private static let breaches: [(String, String, Bytes, Int32)] = [
        ("pub", "-t a -m b", [], 7), ("rr", "-t a -m b -e c", [], 7), ("sub", "-t a", [], 7),
        ("sub", "-t a", [0x90, 3, 0, 1, 0], 2), ("pub", "-t a -m b", [0x30, 3, 0, 1, 0x61], 2),
        ("sub", "-t a", [0x20, 2, 1, 0], 2), ("sub", "-t a", [0x20, 0xFF, 0xFF, 0xFF, 0xFF], 2),
    ]

    @Test("something else than CONNACK, or nothing, ends the tool", arguments: breaches)
    func breach(_ tool: String, _ line: String, _ bytes: Bytes, _ status: Int32) throws {
        let run = try ScriptedRun(tool, line)
        let client = try run.accept(tool == "rr" ? .v5 : .v4)
        client.send(bytes)
        client.shutdownWriting()
        let end = try run.end()
        #expect([status, 21].contains(end.status))
        #expect(end.errors.hasPrefix("Error: "))
    }

    @Test("a lost connection ends mosquitto_pub -m before its answer")
    func lostPublish() throws {
        let run = try ScriptedRun("pub", "-t a -m b -q 1")
        let client = try run.accept()
        client.send(Wire.connack(.v4))
        _ = try client.readPacket()
        client.shutdownWriting()
        let end = try run.end()
        #expect(end.status == 7)
        #expect(end.errors == "Error: The connection was lost\n")
    }

    @Test("mosquitto_sub connects again after a second, and subscribes again")
    func reconnection() throws {
        let run = try ScriptedRun("sub", "-t a -C 1")
        let first = try run.accept()
        first.send(Wire.connack(.v4))
        let request = try first.readPacket()
        first.send([0x90, 3, request[2], request[3], 0])
        first.abort()
        let second = try run.accept()
        second.send(Wire.connack(.v4))
        let again = try second.readPacket()
        #expect(again[0] == 0x82)
        second.send([0x90, 3, again[2], again[3], 0, 0x30, 4, 0, 1, 0x61, 0x62])
        #expect(try second.readPacket() == [0xE0, 0])
        let end = try run.end()
        #expect(end.status == 0)
        #expect(end.output == "b\n")
    }

    @Test("a refusal after a reconnection ends mosquitto_sub")
    func laterRefusal() throws {
        let run = try ScriptedRun("sub", "-t a")
        let first = try run.accept()
        first.send(Wire.connack(.v4))
        _ = try first.readPacket()
        first.abort()
        let second = try run.accept()
        second.send([0x20, 2, 0, 5])
        #expect(try run.end().status == 5)
    }

    @Test("all subscriptions denied: said, and exit status 0")
    func denied() throws {
        let run = try ScriptedRun("sub", "-t a -t b")
        let client = try run.accept()
        client.send(Wire.connack(.v4))
        _ = try client.readPacket()
        client.send([0x90, 4, 0, 1, 0x80, 0x80])
        #expect(try client.readPacket() == [0xE0, 0])
        let end = try run.end()
        #expect(end.status == 0)
        #expect(end.errors == "All subscription requests were denied.\n")
    }

    @Test("a response topic that is denied ends mosquitto_rr")
    func deniedResponse() throws {
        let run = try ScriptedRun("rr", "-t a -m b -e c")
        let client = try run.accept(.v5)
        client.send(Wire.connack(.v5))
        _ = try client.readPacket()
        client.send([0x90, 4, 0, 1, 0, 0x87])
        #expect(try client.readPacket()[0] == 0xE0)
        let end = try run.end()
        #expect(end.status == 0)
        #expect(end.errors == "Not authorized\n")
    }

    private static let acks: [(String, [Bytes])] = [
        ("-q 1", [[0x40, 12, 0, 1, 0x87, 8, 0x1F, 0, 5, 0x73, 0x6F, 0x72, 0x72, 0x79]]),
        ("-q 2", [[0x50, 12, 0, 1, 0x87, 8, 0x1F, 0, 5, 0x73, 0x6F, 0x72, 0x72, 0x79]]),
    ]

    @Test("a message that is refused is a warning, and the exit status is 0", arguments: acks)
    func refusedMessage(_ qos: String, _ answers: [Bytes]) throws {
        let run = try ScriptedRun("pub", "-t a -m b -V 5 " + qos)
        let client = try run.accept(.v5)
        client.send(Wire.connack(.v5))
        _ = try client.readPacket()
        for answer in answers { client.send(answer) }
        #expect(try client.readPacket()[0] == 0xE0)
        let end = try run.end()
        #expect(end.status == 0)
        #expect(end.errors == "Warning: Publish 1 failed: Not authorized.\nsorry\n")
    }

    private static let limits: [(String, Bytes, String)] = [
        ("-m b -q 2", [0x24, 1], "Error: Message QoS not supported on broker, try a lower QoS.\n"),
        ("-m 0123456789", [0x27, 0, 0, 0, 12], "Error: Message payload is too large.\n"),
    ]

    @Test("limits of the broker are told, and the tool leaves in good order", arguments: limits)
    func limit(_ line: String, _ properties: Bytes, _ errors: String) throws {
        let run = try ScriptedRun("pub", "-t a -V 5 " + line)
        let client = try run.accept(.v5)
        client.send(Wire.packet(0x20, [0, 0] + Wire.properties(properties)))
        #expect(try client.readPacket()[0] == 0xE0)
        let end = try run.end()
        #expect(end.errors == errors)
        #expect(end.status == 0)
    }

    @Test("a signal or the end of time before CONNACK: exit status 255")
    func unanswered() throws {
        for number in [SIGINT, SIGTERM] {
            let run = try ScriptedRun("sub", "-t a")
            let client = try run.accept()
            run.process.signal(number)
            #expect(try run.end().status == 255)
            client.abort()
        }
        let late = try ScriptedRun("sub", "-t a -W 1")
        let client = try late.accept()
        #expect(try late.end().status == 255)
        client.abort()
    }

    @Test("-W after CONNACK: DISCONNECT with the will, said, 27")
    func timeout() throws {
        let run = try ScriptedRun("rr", "-t a -m b -e c -W 1")
        let client = try run.accept(.v5)
        client.send(Wire.connack(.v5))
        _ = try client.readPacket()
        #expect(try client.readPacket() == [0xE0, 1, 4])
        let end = try run.end()
        #expect(end.status == 27)
        #expect(end.errors == "Timed out\n")
    }

    @Test(
        "with -C the last message is acknowledged before DISCONNECT, what comes later is not printed"
    )
    func lastMessage() throws {
        let run = try ScriptedRun("sub", "-t a -q 1 -C 1")
        let client = try run.accept()
        client.send(Wire.connack(.v4))
        _ = try client.readPacket()
        client.send(
            [0x90, 3, 0, 1, 1, 0x32, 6, 0, 1, 0x61, 0, 7, 0x31, 0x32, 6, 0, 1, 0x61, 0, 8, 0x32]
        )
        #expect(try client.readPacket() == [0x40, 2, 0, 7])
        let end = try run.end()
        #expect(end.output == "1\n")
        #expect(end.status == 0)
    }

    @Test("mosquitto_pub -l goes on after a lost connection, and loses nothing at QoS 1")
    func linesGoOn() throws {
        let remote = try ScriptedRemote()
        let process = try ChildProcess(
            "/bin/sh",
            [
                "-c",
                "printf 'a\\nb\\n' | \(Broker.built("mosquitto_pub")) -h 127.0.0.1 -p \(remote.port) "
                    + "-t t -l -q 1 -i x -c",
            ]
        )
        let first = try remote.accept()
        _ = try first.readPacket()
        first.send([0x20, 2, 0, 0])
        #expect(try first.readPacket() == [0x32, 6, 0, 1, 0x74, 0, 1, 0x61])
        first.abort()
        let second = try remote.accept()
        _ = try second.readPacket()
        second.send([0x20, 2, 1, 0])
        #expect(try second.readPacket() == [0x3A, 6, 0, 1, 0x74, 0, 1, 0x61])
        #expect(try second.readPacket() == [0x3A, 6, 0, 1, 0x74, 0, 2, 0x62])
        second.send([0x40, 2, 0, 1, 0x40, 2, 0, 2])
        #expect(try second.readPacket() == [0xE0, 0])
        #expect(process.wait()?.status == 0)
    }

    @Test("standard output that takes nothing more ends mosquitto_sub")
    func closedOutput() throws {
        let broker = try Broker.shared(workers: 1)
        let topic = unique("closed")
        let line =
            "\(Broker.built("mosquitto_pub")) -p \(broker.port) -t \(topic) -r -m x; "
            + "\(Broker.built("mosquitto_sub")) -p \(broker.port) -t \(topic) >/dev/full"
        let end = try ChildProcess.run("/bin/sh", ["-c", line])
        #expect(end.status == 0)
    }
}
