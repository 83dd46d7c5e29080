// SPDX-License-Identifier: Apache-2.0
// The client whose calls wait, against Debian's broker and silent or lying servers.

import Glibc
import MQTTClient
import TestSupport
import Testing

@Suite("The client whose calls wait")
struct BlockingClientTests {
    private static let versions = [MQTTVersion.v31, .v311, .v5]
    private static let open = "listener %PORT% 127.0.0.1\nallow_anonymous true\n"

    private func options(
        _ broker: Broker,
        _ version: MQTTVersion = .v5
    ) -> MQTTConfiguration {
        var options = MQTTConfiguration(
            .tcp(host: "127.0.0.1", port: UInt16(broker.port)),
            clientIdentifier: unique("client")
        )
        options.version = version
        return options
    }

    private func options(_ listener: SilentListener) -> MQTTConfiguration {
        MQTTConfiguration(.tcp(host: "127.0.0.1", port: UInt16(listener.port)))
    }

    private var soon: Deadline { Deadline(in: .seconds(10)) }

    @Test(
        "[MQTT-4.3.1-1] [MQTT-4.3.2-1] [MQTT-4.3.3-1] messages of every QoS come back once",
        arguments: versions,
        [UInt8(0), 1, 2]
    )
    func delivery(_ version: MQTTVersion, _ qos: UInt8) throws {
        let broker = try Broker.debian(Self.open)
        let client = try BlockingClient(connecting: options(broker, version))
        #expect(try client.subscribe(to: "a/#", qos: qos, soon).rawValue == qos)
        for number in 0..<5 {
            let payload = [UInt8](repeating: UInt8(number), count: number * 5000)
            #expect(try !client.publish(to: "a/b", payload: payload, qos: qos, soon).isError)
        }
        for number in 0..<5 {
            let message = try client.receive(soon)
            #expect(message.topic == "a/b")
            #expect(
                Array(message.payload) == [UInt8](repeating: UInt8(number), count: number * 5000)
            )
            #expect(message.qos.rawValue == qos)
            #expect(!message.isRetained)
        }
        client.disconnect()
    }

    @Test("[MQTT-4.3.3-10] a QoS 2 message that comes twice before its release counts once")
    func repeated() throws {
        let listener = try SilentListener()
        let message = Wire.publish(.v5, "t", "once", qos: 2, id: 7)
        let again = Wire.publish(.v5, "t", "once", qos: 2, id: 7, dup: true)
        let last = Wire.publish(.v5, "t", "last")
        listener.answer(hex("20 03 00 00 00") + message + again + last)
        let client = try BlockingClient(connecting: options(listener))
        #expect(try client.receive(soon).payload.text == "once")
        #expect(try client.receive(soon).payload.text == "last")
    }

    @Test("[MQTT311-3.3.1-8] a retained message comes with its flag")
    func retained() throws {
        let broker = try Broker.debian(Self.open)
        let client = try BlockingClient(connecting: options(broker))
        _ = try client.publish(to: "r", payload: [1], qos: 1, isRetained: true, soon)
        _ = try client.subscribe(to: "r", qos: 0, soon)
        #expect(try client.receive(soon).isRetained)
        #expect(try !client.unsubscribe(from: "r", soon).isError)
    }

    @Test("[MQTT-3.12.4-1] PINGREQ is answered", arguments: versions)
    func ping(_ version: MQTTVersion) throws {
        let broker = try Broker.debian(Self.open)
        let client = try BlockingClient(connecting: options(broker, version))
        try client.keepAlive()
    }

    @Test("[MQTT-3.1.2-20] a client with nothing to do pings in time")
    func keepAlive() throws {
        let broker = try Broker.debian(Self.open)
        var options = options(broker)
        options.keepAliveSeconds = 1
        let client = try BlockingClient(connecting: options)
        // The broker closes the connection after one and a half times the interval.
        let end = Deadline(in: .seconds(3))
        while end.millisecondsLeft > 0 {
            var state = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
            poll(&state, 1, min(200, end.millisecondsLeft))
            try client.keepAlive()
        }
        #expect(try !client.publish(to: "t", payload: [], qos: 1, soon).isError)
    }

    @Test("[MQTT-3.1.3-7] the broker's choice of a client identifier is known")
    func assignedIdentifier() throws {
        let broker = try Broker.debian(Self.open)
        var options = options(broker)
        options.clientIdentifier = ""
        let client = try BlockingClient(connecting: options)
        #expect(client.connack?.clientIdentifier.isEmpty == false)
    }

    @Test("a session is resumed when asked for [MQTT-3.2.2-3]")
    func session() throws {
        let broker = try Broker.debian(Self.open)
        var options = options(broker, .v311)
        options.isCleanStart = false
        let first = try BlockingClient(connecting: options)
        #expect(first.connack?.isSessionPresent == false)
        first.disconnect()
        #expect(try BlockingClient(connecting: options).connack?.isSessionPresent == true)
    }

    @Test(
        "a refusal carries the broker's code and words",
        arguments: [
            (MQTTVersion.v5, UInt8(135), "Not authorized"),
            (.v311, 5, "Connection Refused: not authorised."),
        ]
    )
    func refusal(_ version: MQTTVersion, _ code: UInt8, _ text: String) throws {
        let broker = try Broker.debian("listener %PORT% 127.0.0.1\nallow_anonymous false\n")
        let error = MQTTError.refused(code: code, version: version)
        #expect(throws: error) { try BlockingClient(connecting: options(broker, version)) }
        #expect(error.description == text)
    }

    @Test("a denied subscription is an answer, not an error")
    func deniedSubscription() throws {
        let broker = try Broker.debian(
            Self.open + "acl_file %DIR%/acl\n",
            files: ["acl": "topic read other\n"]
        )
        let client = try BlockingClient(connecting: options(broker))
        #expect(try client.publish(to: "t", payload: [], qos: 1, soon) == .notAuthorized)
        #expect(try client.publish(to: "t", payload: [], qos: 2, soon) == .notAuthorized)
    }

    @Test("nobody listening is an error of the system")
    func unreachable() throws {
        let port = try Broker.freePort()
        let options = MQTTConfiguration(.tcp(host: "127.0.0.1", port: UInt16(port)))
        #expect(
            throws: MQTTError.unreachable(address: "127.0.0.1 port \(port)", code: ECONNREFUSED)
        ) {
            try BlockingClient(connecting: options)
        }
    }

    @Test("a name nobody knows is an error of its own")
    func unknownName() throws {
        let options = MQTTConfiguration(.tcp(host: "no such host", port: 1))
        let error = #expect(throws: MQTTError.self) { try BlockingClient(connecting: options) }
        guard case .lookup = error else {
            Issue.record("not a lookup error: \(String(describing: error))")
            return
        }
    }

    @Test("a silent peer is given up on in time")
    func silence() throws {
        let listener = try SilentListener()
        #expect(throws: MQTTError.timedOut("the broker does not answer")) {
            try BlockingClient(connecting: options(listener), timeout: .milliseconds(200))
        }
    }

    @Test("a broker that goes away closes the connection")
    func closing() throws {
        let broker = try Broker.debian(Self.open)
        let client = try BlockingClient(connecting: options(broker, .v311))
        broker.process.signal(SIGKILL)
        #expect(throws: MQTTError.connectionLost) { try client.receive(soon) }
    }

    @Test("[MQTT-3.14.2-1] a broker's DISCONNECT is an error with its reason")
    func takenOver() throws {
        let listener = try SilentListener()
        listener.answer([0x20, 3, 0, 0, 0, 0xE0, 1, 0x8E])
        let client = try BlockingClient(connecting: options(listener))
        #expect(throws: MQTTError.disconnected(.sessionTakenOver, reason: nil)) {
            try client.receive(soon)
        }
    }

    @Test(
        "a peer that does not speak MQTT is a protocol error",
        arguments: [
            [UInt8]("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), [0x20, 0xFF, 0xFF, 0xFF, 0xFF],
            [0x20, 2, 0xFF, 0], [0xD0, 0], [0x10, 0], [0x20, 3, 0, 0, 5],
        ]
    )
    func nonsense(_ bytes: [UInt8]) throws {
        let listener = try SilentListener()
        listener.answer(bytes)
        let error = #expect(throws: MQTTError.self) {
            try BlockingClient(connecting: options(listener))
        }
        switch error {
        case .protocolViolation, .malformedPacket: break
        default: Issue.record("not a protocol error: \(String(describing: error))")
        }
    }

    @Test("a broker of 3.1.1 refuses 5.0 in its own words")
    func oldBroker() throws {
        let listener = try SilentListener()
        listener.answer([0x20, 2, 0, 1])
        #expect(throws: MQTTError.refused(code: 1, version: .v311)) {
            try BlockingClient(connecting: options(listener))
        }
    }

    @Test("Unix domain sockets carry MQTT too")
    func unixSocket() throws {
        let broker = try Broker.debian(
            "listener %PORT% 127.0.0.1\nlistener 0 %DIR%/socket\nallow_anonymous true\n"
        )
        let client = try BlockingClient(
            connecting: MQTTConfiguration(.unix(path: broker.directory + "/socket"))
        )
        #expect(try !client.publish(to: "t", payload: [], qos: 1, soon).isError)
        let missing = MQTTConfiguration(.unix(path: broker.directory + "/none"))
        let path = broker.directory + "/none"
        #expect(throws: MQTTError.unreachable(address: path, code: ENOENT)) {
            try BlockingClient(connecting: missing)
        }
        let long = MQTTConfiguration(.unix(path: String(repeating: "x", count: 200)))
        #expect(throws: MQTTError.self) {
            try BlockingClient(connecting: long)
        }
    }
}
