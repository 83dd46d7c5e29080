// SPDX-License-Identifier: Apache-2.0
// The client of applications, against our broker and Debian's.

import MQTTClient
import TestSupport
import Testing

@Suite("The client of applications")
struct AsyncClientTests {
    private static let open = "listener %PORT% 127.0.0.1\nallow_anonymous true\n"

    private func configuration(_ broker: Broker) -> MQTTConfiguration {
        var configuration = MQTTConfiguration(
            .tcp(host: "127.0.0.1", port: UInt16(broker.port)),
            clientIdentifier: unique("client")
        )
        configuration.reconnection = MQTTReconnection(
            minimum: .milliseconds(20),
            maximum: .milliseconds(100)
        )
        return configuration
    }

    private func broker(isOurs: Bool) throws -> Broker {
        isOurs ? try Broker(Self.open, workers: 1) : try Broker.debian(Self.open)
    }

    @Test("Messages of every QoS arrive, in order", arguments: [true, false], MQTTQoS.allCases)
    func delivery(_ isOurs: Bool, _ qos: MQTTQoS) async throws {
        let broker = try broker(isOurs: isOurs)
        let client = MQTTClient(configuration(broker))
        try await client.connect()
        let subscription = try await client.subscribe(to: "a/#", qos: qos)
        #expect(subscription.granted == [MQTTReasonCode(rawValue: qos.rawValue)])
        for number in 0..<3000 {
            try await client.enqueue(
                MQTTMessage(topic: "a/b", payload: MQTTPayload("\(number)"), qos: qos)
            )
        }
        try await client.flush()
        var next = 0
        for try await message in subscription {
            #expect(message.payload.text == "\(next)")
            #expect(message.topic == "a/b" && message.qos == qos)
            next += 1
            if next == 3000 { break }
        }
        await client.disconnect()
        var iterator = subscription.makeAsyncIterator()
        #expect(try await iterator.next() == nil)
    }

    @Test("Properties of MQTT 5.0 arrive as they were sent")
    func properties() async throws {
        let broker = try broker(isOurs: true)
        let client = MQTTClient(configuration(broker))
        try await client.connect()
        let subscription = try await client.subscribe(
            to: [MQTTSubscriptionRequest("t", qos: .exactlyOnce)],
            identifier: 7
        )
        var properties = MQTTMessageProperties()
        properties.isText = true
        properties.contentType = "text/plain"
        properties.responseTopic = "answer"
        properties.correlationData = [1, 2, 3]
        properties.userProperties = [
            MQTTUserProperty(name: "a", value: "b"), MQTTUserProperty(name: "a", value: "c"),
        ]
        try await client.publish("x", to: "t", qos: .exactlyOnce, properties: properties)
        var iterator = subscription.makeAsyncIterator()
        let message = try #require(try await iterator.next())
        properties.subscriptionIdentifiers = [7]
        #expect(message.properties == properties)
        await client.disconnect()
    }

    @Test("A message goes to the sequences it is for, and what is for none to the rest")
    func routes() async throws {
        let broker = try broker(isOurs: true)
        let configuration = configuration(broker)
        let client = MQTTClient(configuration)
        try await client.connect()
        let wide = try await client.subscribe(to: "a/+", qos: .atLeastOnce)
        var narrow: MQTTSubscription? = try await client.subscribe(
            to: "$share/g/b",
            qos: .atLeastOnce
        )
        try await client.publish("1", to: "a/x", qos: .atLeastOnce)
        try await client.publish("2", to: "b", qos: .atLeastOnce)
        var first = wide.makeAsyncIterator()
        var second = try #require(narrow).makeAsyncIterator()
        #expect(try await first.next()?.payload == "1")
        #expect(try await second.next()?.payload == "2")
        narrow = nil
        await client.disconnect()
    }

    @Test("Back-pressure: who does not read makes the server wait, and nothing is lost")
    func backPressure() async throws {
        let broker = try broker(isOurs: true)
        var limited = configuration(broker)
        limited.limits.receivedMax = 10
        limited.keepAliveSeconds = 5
        let receiver = MQTTClient(limited)
        try await receiver.connect()
        let subscription = try await receiver.subscribe(to: "t", qos: .atMostOnce)
        let sender = MQTTClient(configuration(broker))
        try await sender.connect()
        let payload = MQTTPayload([UInt8](repeating: 7, count: 1000))
        // Less than the broker queues, more than the client keeps.
        for _ in 0..<900 { try await sender.enqueue(MQTTMessage(topic: "t", payload: payload)) }
        try await sender.flush()
        // A client that waits for an answer gets it, though its sequence is full.
        try await receiver.publish("x", to: "other", qos: .atLeastOnce)
        var count = 0
        for try await message in subscription {
            #expect(message.payload == payload)
            count += 1
            if count.isMultiple(of: 300) {
                try await receiver.publish("x", to: "other", qos: .atLeastOnce)
            }
            if count == 900 { break }
        }
        await receiver.disconnect()
        await sender.disconnect()
    }

    @Test("A task that is cancelled waits no longer")
    func cancellation() async throws {
        let broker = try broker(isOurs: true)
        let client = MQTTClient(configuration(broker))
        try await client.connect()
        let subscription = try await client.subscribe(to: "t", qos: .atLeastOnce)
        let reader = Task {
            var iterator = subscription.makeAsyncIterator()
            return try await iterator.next()
        }
        reader.cancel()
        await #expect(throws: CancellationError.self) { _ = try await reader.value }
        try await client.publish("1", to: "t", qos: .atLeastOnce)
        var iterator = subscription.makeAsyncIterator()
        #expect(try await iterator.next()?.payload == "1")
        await client.disconnect()
    }

    @Test("A client comes back, with its subscriptions and what it has not been able to send")
    func reconnection() async throws {
        let broker = try broker(isOurs: false)
        let client = MQTTClient(configuration(broker))
        var events = client.connectionEvents.makeAsyncIterator()
        try await client.connect()
        let subscription = try await client.subscribe(to: "t", qos: .atLeastOnce)
        guard case .connected = await events.next() else { throw Mismatch("not connected") }
        try broker.stop()
        guard case .lost = await events.next() else { throw Mismatch("not lost") }
        let number = Task { try await client.publish("kept", to: "t", qos: .atLeastOnce) }
        let again = try Broker(
            "listener \(broker.port) 127.0.0.1\nallow_anonymous true\n",
            of: .original,
            workers: 1
        )
        while let event = await events.next() { if case .connected = event { break } }
        #expect(try await !number.value.isError)
        var iterator = subscription.makeAsyncIterator()
        #expect(try await iterator.next()?.payload == "kept")
        await client.disconnect()
        try again.stop()
    }

    @Test("Errors say what is wrong")
    func errors() async throws {
        let broker = try broker(isOurs: true)
        let client = MQTTClient(configuration(broker))
        await #expect(throws: MQTTError.notConnected) { try await client.publish("", to: "t") }
        await #expect(throws: MQTTError.notConnected) { _ = try await client.subscribe(to: "t") }
        try await client.connect()
        await #expect(throws: MQTTError.alreadyConnected) { try await client.connect() }
        await #expect(throws: MQTTError.invalidTopic("a/+")) {
            try await client.publish("", to: "a/+", qos: .atLeastOnce)
        }
        await #expect(throws: MQTTError.invalidTopic("#/a")) {
            _ = try await client.subscribe(to: "#/a")
        }
        await client.disconnect()
        let nobody = MQTTClient(MQTTConfiguration(.unix(path: "/nonexistent")))
        await #expect(throws: MQTTError.self) { try await nobody.connect() }
    }

    @Test("Storms: clients that connect, speak and go, many at once")
    func storms() async throws {
        let broker = try broker(isOurs: true)
        let configuration = configuration(broker)
        for _ in 0..<10 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    var own = configuration
                    own.clientIdentifier = "storm-\(number)"
                    let client = MQTTClient(own)
                    group.addTask {
                        try await client.connect()
                        let subscription = try await client.subscribe(
                            to: "s/\(number)",
                            qos: .atLeastOnce
                        )
                        try await client.publish("x", to: "s/\(number)", qos: .exactlyOnce)
                        var iterator = subscription.makeAsyncIterator()
                        #expect(try await iterator.next()?.payload == "x")
                        if number.isMultiple(of: 2) { await client.disconnect() }
                    }
                }
                try await group.waitForAll()
            }
        }
        try broker.stop()
    }
}
