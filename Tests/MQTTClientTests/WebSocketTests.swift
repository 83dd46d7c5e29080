// SPDX-License-Identifier: Apache-2.0
// MQTT in WebSockets, with Debian's broker.

import MQTTClient
import TestSupport
import Testing

@Suite("The client in a WebSocket")
struct WebSocketTests {
    @Test(
        "messages of every size pass through Debian's broker",
        arguments: [0, 100, 1000, 200_000]
    )
    func broker(_ count: Int) throws {
        let broker = try Broker.debian(
            // Debian's broker does not start with WebSockets alone.
            "listener %PORT% 127.0.0.1\nlistener %PORT2% 127.0.0.1\nprotocol websockets\n"
                + "allow_anonymous true\n"
        )
        let deadline = Deadline(in: .seconds(10))
        var options = MQTTConfiguration(
            .tcp(host: "127.0.0.1", port: UInt16(broker.ports[1]))
        )
        options.webSocket = MQTTWebSocket(headers: [("X-Name", "value")])
        let client = try BlockingClient(connecting: options)
        _ = try client.subscribe(to: "t", qos: 1, deadline)
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        _ = try client.publish(to: "t", payload: payload, qos: 1, deadline)
        #expect(try client.receive(deadline).payload == MQTTPayload(payload))
        try client.keepAlive()
        client.disconnect()
        options.webSocket = nil
        #expect(throws: MQTTError.self) {
            try BlockingClient(connecting: options, timeout: .milliseconds(500))
        }
        options.webSocket = MQTTWebSocket(path: "no path")
        #expect(throws: MQTTError.configuration("'no path' is no path of a WebSocket")) {
            try BlockingClient(connecting: options)
        }
    }
}
