// SPDX-License-Identifier: Apache-2.0
// $CONTROL/broker/v1: questions to the broker itself.

import Foundation
import TestSupport
import Testing

// One after the other: a response goes to all who subscribed to its topic, and the broker is shared.
@Suite("$CONTROL/broker/v1", .serialized)
struct BrokerControl {
    static let config = "enable_control_api true\n" + Broker.plain

    /// One response as a dictionary.
    static func ask(_ client: RawClient, _ payload: String, id: Int = 9) throws -> [[String: Any]] {
        client.send(Wire.publish(.v5, "$CONTROL/broker/v1", payload, qos: 1, id: id))
        var answer: Bytes = []
        // The response and the acknowledgement may come in either order.
        for _ in 0..<2 {
            let packet = try client.readPacket()
            if packet[0] == 0x30 {
                answer = packet
            } else {
                #expect(packet.prefix(4) == [0x40, packet[1], 0, 9])
            }
        }
        let topic = Wire.string("$CONTROL/broker/v1/response")
        let start = 2 + answer.dropFirst().prefix { $0 >= 0x80 }.count
        #expect(answer.dropFirst(start).starts(with: topic + [0]), "\(hexText(answer))")
        let json = try JSONSerialization.jsonObject(
            with: Data(answer.dropFirst(start + topic.count + 1))
        )
        let object = try #require(json as? [String: Any])
        return try #require(object["responses"] as? [[String: Any]])
    }

    /// One that asks, with a user name unless that is nil.
    static func questionID(_ broker: Broker, user: String? = "admin") throws -> RawClient {
        let client = try RawClient.connected(to: broker, unique("c"), .v5, username: user)
        try client.subscribe("$CONTROL/broker/v1/response")
        return client
    }

    @Test(
        "listListeners names the listeners in the order of the configuration",
        arguments: reactors
    )
    func listeners(workers: Int) throws {
        let broker = try Broker(
            Self.config + "listener 0 %DIR%/s.sock\nlistener %PORT2% 127.0.0.1\n",
            workers: workers
        )
        let client = try Self.questionID(broker)
        let responses = try Self.ask(
            client,
            #"{"commands":[{"command":"listListeners","correlationData":"x1"}]}"#
        )
        #expect(responses.count == 1)
        #expect(responses.first?["command"] as? String == "listListeners")
        #expect(responses.first?["correlationData"] as? String == "x1")
        let data = try #require(responses.first?["data"] as? [String: Any])
        let list = try #require(data["listeners"] as? [[String: Any]])
        #expect(list.map { $0["port"] as? Int } == [broker.port, 0, broker.ports[1]])
        #expect(
            list.allSatisfy { $0["protocol"] as? String == "mqtt" && $0["tls"] as? Bool == false }
        )
        #expect(list[0]["connections"] as? Int == 1 && list[0]["accepted"] as? Int == 1)
        #expect(list[0]["anonymous"] as? Bool == true && list[1]["connections"] as? Int == 0)
        #expect(list[1]["socket-path"] as? String == broker.directory + "/s.sock")
    }

    @Test("listPlugins answers with a list", arguments: reactors)
    func plugins(workers: Int) throws {
        let client = try Self.questionID(Broker.shared(Self.config, workers: workers))
        let responses = try Self.ask(client, #"{"commands":[{"command":"LISTPLUGINS"}]}"#)
        let data = try #require(responses.first?["data"] as? [String: Any])
        #expect(data["plugins"] is [Any] && data["waiting"] as? Int == 0)
        #expect(responses.first?["correlationData"] == nil)
    }

    @Test("health answers whether the broker should be sent clients", arguments: reactors)
    func health(workers: Int) throws {
        let client = try Self.questionID(Broker.shared(Self.config, workers: workers))
        let responses = try Self.ask(client, #"{"commands":[{"command":"health"}]}"#)
        let data = try #require(responses.first?["data"] as? [String: Any])
        #expect(data["status"] as? String == "ready")
    }

    @Test("A plugin and a certificate are told of as they are", arguments: reactors)
    func parts(workers: Int) throws {
        let certificates = try Certificates.shared.get()
        let certificate = certificates.path("server.crt")
        let broker = try Broker(
            "enable_control_api true\nlistener %PORT% 127.0.0.1\nallow_anonymous true\n"
                + "acl_file %DIR%/rules\nlistener %PORT2% 127.0.0.1\ncertfile \(certificate)\n"
                + "keyfile \(certificates.path("server.key"))\n",
            workers: workers,
            files: ["rules": "topic readwrite #\ntopic readwrite $CONTROL/#\n"]
        )
        let client = try Self.questionID(broker, user: nil)
        let commands = #"{"command":"listPlugins"},{"command":"listListeners"}"#
        let responses = try Self.ask(client, #"{"commands":[\#(commands)]}"#)
        let plugins = (responses[0]["data"] as? [String: Any])?["plugins"] as? [[String: Any]]
        let plugin = try #require(plugins?.first)
        #expect(plugin["calls"] as? Int ?? 0 > 0 && plugin["errors"] as? Int == 0)
        #expect((plugin["events"] as? [[String: Any]])?.first?["event"] is String)
        let list = (responses[1]["data"] as? [String: Any])?["listeners"] as? [[String: Any]]
        let listener = try #require(list?.last)
        let ends = try #require(listener["certificates"] as? [[String: Any]])
        #expect(ends.first?["kind"] as? String == "server")
        #expect((ends.first?["days-left"] as? Int ?? -1) > 0)
        #expect(listener["certfile"] as? String == certificate)
        #expect(listener["certfile-changed"] == nil && listener["failed-handshakes"] as? Int == 0)
    }

    static let errors: [(String, String, String)] = [
        ("not json", "Unknown command", "Payload not valid JSON"),
        ("{}", "Unknown command", "Invalid/missing commands"),
        (#"{"commands":3}"#, "Unknown command", "Invalid/missing commands"),
        (#"{"commands":[3]}"#, "Unknown command", "Command not an object"),
        (#"{"commands":[{}]}"#, "Unknown command", "Missing command"),
        (#"{"commands":[{"command":7}]}"#, "Unknown command", "Missing command"),
        (#"{"commands":[{"command":"dance"}]}"#, "dance", "Unknown command"),
        (
            #"{"commands":[{"command":"listPlugins","correlationData":7}]}"#, "listPlugins",
            "Invalid correlationData data type."
        ),
    ]

    @Test("Wrong questions get their error", arguments: 0..<errors.count, reactors)
    func error(index: Int, workers: Int) throws {
        let (payload, command, message) = Self.errors[index]
        let client = try Self.questionID(Broker.shared(Self.config, workers: workers))
        let responses = try Self.ask(client, payload)
        #expect(responses.count == 1)
        #expect(responses.first?["command"] as? String == command)
        #expect(responses.first?["error"] as? String == message)
    }

    @Test("Several commands are answered in order in one message", arguments: reactors)
    func several(workers: Int) throws {
        let client = try Self.questionID(Broker.shared(Self.config, workers: workers))
        let responses = try Self.ask(
            client,
            #"{"commands":[{"command":"a"},{"command":"listPlugins"},{"command":"b"}]}"#
        )
        #expect(responses.map { $0["command"] as? String } == ["a", "listPlugins", "b"])
    }

    @Test(
        "Without a handler only the sender is told",
        arguments: ["$CONTROL/broker/v1", "$CONTROL/x/y"],
        reactors
    )
    func nobody(topic: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let watcher = try RawClient.connected(to: broker, unique("c"), .v5)
        try watcher.subscribe("$CONTROL/#")
        let client = try RawClient.connected(to: broker, unique("c"), .v5)
        client.send(Wire.publish(.v5, topic, "{}", qos: 1, id: 5, retain: true))
        try client.expect(inAnyOrder: [
            Wire.puback(5),
            Wire.publish(.v5, "\(topic)/response", #"{"error": "endpoint not available"}"#),
        ])
        try watcher.expectNothing(from: client)
        try client.publish2WithResponse(topic)
    }
}

extension RawClient {
    /// A QoS 2 publication to a control topic nobody handles completes as usual.
    func publish2WithResponse(_ topic: String) throws {
        let response = Wire.publish(
            .v5,
            "\(topic)/response",
            #"{"error": "endpoint not available"}"#
        )
        send(Wire.publish(.v5, topic, "{}", qos: 2, id: 6))
        var rest = [Wire.pubrec(6), response, Wire.pubcomp(6)]
        while !rest.isEmpty {
            let packet = try readPacket()
            let index = try #require(rest.firstIndex(of: packet), "\(hexText(packet))")
            rest.remove(at: index)
            if packet == Wire.pubrec(6) { send(Wire.pubrel(6)) }
        }
    }
}
