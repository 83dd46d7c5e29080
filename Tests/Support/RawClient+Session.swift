// SPDX-License-Identifier: Apache-2.0
// The exchanges nearly every test begins with.

extension RawClient {
    /// Connects to the broker and opens a session with its default CONNACK.
    package static func connected(
        to broker: Broker,
        _ clientIdentifier: String = unique("c"),
        _ version: Version = .v4,
        clean: Bool = true,
        keepAlive: Int = 60,
        username: String? = nil,
        password: String? = nil,
        properties: Bytes = [],
        will: Will? = nil,
        sessionPresent: Bool = false,
        port: Int? = nil,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws -> RawClient {
        let client = try RawClient(broker, port: port)
        client.send(
            Wire.connect(
                clientIdentifier,
                version,
                clean: clean,
                keepAlive: keepAlive,
                username: username,
                password: password,
                properties: properties,
                will: will
            )
        )
        try client.expect(
            Wire.connack(version, sessionPresent: sessionPresent),
            file: file,
            line: line
        )
        client.speak(version)
        return client
    }

    /// Subscribes to one filter; the granted QoS must be the one asked for.
    package func subscribe(
        _ filter: String,
        _ options: UInt8 = 0,
        id: Int = 1,
        properties: Bytes = [],
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        send(Wire.subscribe(version, id: id, [(filter, options)], properties: properties))
        try expect(Wire.suback(version, id: id, [options & 3]), file: file, line: line)
    }

    /// Publishes at QoS 0.
    package func publish(
        _ topic: String,
        _ payload: String = "",
        retain: Bool = false,
        properties: Bytes = []
    ) {
        send(Wire.publish(version, topic, payload, retain: retain, properties: properties))
    }

    /// Publishes at QoS 1 and takes the acknowledgement, with the reason given.
    package func publish1(
        _ topic: String,
        _ payload: String = "",
        id: Int = 1,
        retain: Bool = false,
        reason: UInt8 = 0,
        properties: Bytes = [],
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        send(
            Wire.publish(
                version,
                topic,
                payload,
                qos: 1,
                id: id,
                retain: retain,
                properties: properties
            )
        )
        let shown = version == .v5 ? reason : 0
        try expect(Wire.puback(id, shown), file: file, line: line)
    }

    /// Publishes at QoS 2 and goes through the whole exchange.
    package func publish2(
        _ topic: String,
        _ payload: String = "",
        id: Int = 1,
        retain: Bool = false,
        properties: Bytes = [],
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        send(
            Wire.publish(
                version,
                topic,
                payload,
                qos: 2,
                id: id,
                retain: retain,
                properties: properties
            )
        )
        try expect(Wire.pubrec(id), file: file, line: line)
        send(Wire.pubrel(id))
        try expect(Wire.pubcomp(id), file: file, line: line)
    }

    /// Expects a live delivery of this connection's version.
    package func expectPublish(
        _ topic: String,
        _ payload: String = "",
        qos: UInt8 = 0,
        id: Int = 0,
        retain: Bool = false,
        dup: Bool = false,
        properties: Bytes = [],
        seconds: Double? = nil,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        try expect(
            Wire.publish(
                version,
                topic,
                payload,
                qos: qos,
                id: id,
                retain: retain,
                dup: dup,
                properties: properties
            ),
            seconds: seconds,
            file: file,
            line: line
        )
    }

    /// Leaves with DISCONNECT and waits until the broker has closed the connection.
    package func disconnect(
        _ reason: UInt8? = nil,
        properties: Bytes? = nil,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        send(Wire.disconnect(reason, properties: properties))
        try expectClosed(file: file, line: line)
    }

    /// Takes a message delivered at QoS 1 and acknowledges it.
    package func take1(
        _ topic: String,
        _ payload: String = "",
        id: Int,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        try expectPublish(topic, payload, qos: 1, id: id, file: file, line: line)
        send(Wire.puback(id))
    }

    /// Takes a message delivered at QoS 2 through the whole exchange.
    package func take2(
        _ topic: String,
        _ payload: String = "",
        id: Int,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        try expectPublish(topic, payload, qos: 2, id: id, file: file, line: line)
        send(Wire.pubrec(id))
        try expect(Wire.pubrel(id), file: file, line: line)
        send(Wire.pubcomp(id))
    }
}
