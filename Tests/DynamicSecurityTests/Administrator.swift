// SPDX-License-Identifier: Apache-2.0
// An administrator who sends commands over MQTT and reads the answers.

import TestSupport

/// An administrator's connection.
final class Administrator {
    private static let topic = "$CONTROL/dynamic-security/v1"
    private let client: RawClient

    convenience init(_ broker: TestSupport.Broker) throws {
        try self.init(port: broker.port)
    }

    init(port: Int) throws {
        client = try RawClient(port: port)
        client.patienceSeconds = 20
        client.send(
            Wire.connect(unique("admin"), username: "admin", password: AdministeredBroker.password)
        )
        try client.expect(Wire.connack(.v4))
        try client.subscribe(Administrator.topic + "/response")
    }

    /// Sends a control message without waiting for its answer.
    func send(_ message: String) {
        client.send(Wire.publish(.v4, Administrator.topic, message))
    }

    /// The next answer; nil when the connection ends first.
    func nextAnswer() throws -> String? {
        guard let packet = client.nextPacket(seconds: 20) else { return nil }
        // A fixed header, the topic with its length, and the rest is the payload.
        guard packet[0] == 0x30,
            let headerEnd = packet.dropFirst().firstIndex(where: { $0 & 0x80 == 0 })
        else {
            throw Mismatch("unexpected packet \(hexText(packet))")
        }
        let topicCount = Int(packet[headerEnd + 1]) << 8 | Int(packet[headerEnd + 2])
        return String(decoding: packet[(headerEnd + 3 + topicCount)...], as: UTF8.self)
    }

    /// Sends one command, given as the members of its object, and returns the answer.
    func run(_ command: String) throws -> String {
        send(#"{"commands":[{\#(command)}]}"#)
        guard let answer = try nextAnswer() else { throw Mismatch("no answer to \(command)") }
        return answer
    }
}
