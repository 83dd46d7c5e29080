// SPDX-License-Identifier: Apache-2.0
// Exchanges of MQTT 5.0 whose outcome is a reason code.

import TestSupport

extension RawClient {
    /// The next packet.
    func answer() throws -> AnswerPacket { AnswerPacket(try readPacket(seconds: 10)) }

    /// Sends CONNECT of 5.0; with a method it begins enhanced authentication.
    func sendConnect(
        _ identifier: String,
        username: String? = nil,
        password: String? = nil,
        method: String? = nil,
        data: String? = nil
    ) {
        var properties: Bytes = []
        if let method { properties += Property.authenticationMethod(method) }
        if let data { properties += Property.authenticationData(utf8(data)) }
        speak(.v5)
        send(
            Wire.connect(
                identifier,
                .v5,
                username: username,
                password: password,
                properties: properties
            )
        )
    }

    /// Connects and returns the reason code.
    func connect(
        _ identifier: String,
        username: String? = nil,
        password: String? = nil
    ) throws -> UInt8 {
        sendConnect(identifier, username: username, password: password)
        let packet = try answer()
        guard packet.type == 0x20, packet.body.count > 1 else {
            throw Mismatch("no CONNACK: \(packet)")
        }
        return packet.body[1]
    }

    /// Publishes with QoS 1 and returns the reason code.
    func publishReason(_ topic: String, _ text: String) throws -> UInt8 {
        send(Wire.publish(.v5, topic, text, qos: 1, id: 1))
        while true {
            let packet = try answer()
            if packet.type == 0x40 { return packet.body.count > 2 ? packet.body[2] : 0 }
        }
    }

    /// Subscribes with QoS 0 and returns the reason code.
    func subscribeReason(_ filter: String) throws -> UInt8 {
        send(Wire.subscribe(.v5, id: 2, [(filter, 0)]))
        let packet = try answer()
        guard packet.type == 0x90, let code = packet.body.last else {
            throw Mismatch("no SUBACK: \(packet)")
        }
        return code
    }

    /// Waits for a QoS 0 message and returns its topic and its payload.
    func message() throws -> String {
        let packet = try answer()
        guard packet.type & 0xF6 == 0x30 else { throw Mismatch("no message: \(packet)") }
        let end = 2 + Int(packet.body[0]) << 8 + Int(packet.body[1])
        let topic = String(decoding: packet.body[2..<end], as: UTF8.self)
        let start = end + 1 + Int(packet.body[end])
        return topic + " " + String(decoding: packet.body[start...], as: UTF8.self)
    }

    /// Sends AUTH.
    func sendAuth(_ reason: UInt8, method: String, data: String) {
        let properties =
            Property.authenticationMethod(method) + Property.authenticationData(utf8(data))
        send(Wire.packet(0xF0, [reason] + Wire.properties(properties)))
    }
}
