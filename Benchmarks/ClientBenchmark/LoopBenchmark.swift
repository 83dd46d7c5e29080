// SPDX-License-Identifier: Apache-2.0
// The client on the thread of the benchmark.

import Glibc
import MQTT
import MQTTClient

/// A client that counts.
final class LoopBenchmark: ClientDriverDelegate {
    private let loop: ClientLoop
    private let driver: ClientDriver
    private var isConnected = false
    private var isOver = false
    private var isSubscribed = false
    private var hasRoom = true
    private var count = 0

    init(_ configuration: MQTTConfiguration) throws {
        loop = try ClientLoop()
        driver = try loop.makeClient(configuration)
    }

    private func connect() {
        driver.delegate = self
        driver.connect()
        while !isConnected { loop.turn() }
    }

    private func disconnect() {
        driver.disconnect()
        while !isOver { loop.turn() }
    }

    /// Publishes so many messages.
    func publish(_ total: Int, _ payload: [UInt8], to topic: String, _ qos: UInt8) throws {
        connect()
        let topic = Array(topic.utf8)
        var sent = 0
        while sent < total {
            let outcome = topic.withUnsafeBytes { topic in
                payload.withUnsafeBytes { driver.publish(topic: topic, payload: $0, qos: qos) }
            }
            switch outcome {
            case .sent, .accepted: sent += 1
            case .full:
                hasRoom = false
                while !hasRoom { loop.turn() }
            case .refused(let error): throw error
            }
        }
        while qos > 0, count < total { loop.turn() }
        disconnect()
    }

    /// Receives so many messages.
    func receive(_ total: Int, from topic: String, _ qos: UInt8) throws {
        connect()
        _ = try driver.subscribe([(Array(topic.utf8), SubscriptionOptions(qos: qos))])
        while !isSubscribed { loop.turn() }
        print("ready")
        fflush(nil)
        while count < total { loop.turn() }
        disconnect()
    }

    func client(_ client: ClientDriver, connected connack: MQTTConnack) { isConnected = true }

    func client(_ client: ClientDriver, received messages: UnsafeReceivedMessages) {
        messages.walk { _, _ in count += 1 }
    }

    func client(
        _ client: ClientDriver,
        completed ticket: UInt64,
        packetIdentifier: UInt16,
        _ code: MQTTReasonCode,
        reason: String?
    ) {
        count += 1
    }

    func client(
        _ client: ClientDriver,
        answered request: ClientRequest?,
        packetIdentifier: UInt16,
        _ codes: [MQTTReasonCode]
    ) {
        isSubscribed = true
    }

    func client(_ client: ClientDriver, ended error: MQTTError?, retryIn milliseconds: Int64?) {
        isOver = true
    }

    func clientHasRoom(_ client: ClientDriver) { hasRoom = true }
}
