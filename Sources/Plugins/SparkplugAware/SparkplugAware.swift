// SPDX-License-Identifier: Apache-2.0
// Makes the broker a Sparkplug Aware MQTT Server.

import Glibc
import PluginSDK
import Synchronization

/// Keeps the birth certificates of Sparkplug's edge nodes and devices where whoever comes late finds them
/// (Sparkplug 3.0, section 10.1.4).
///
/// A birth that a client may publish goes on as it is, and a copy of it is published retained below
/// `$sparkplug/certificates/`, on nobody's behalf: no right to write there is needed. Payloads are not looked into, so
/// an empty one clears the certificate as it clears any retained message. With
/// `plugin_opt_replace_ndeath_timestamp true` the timestamp of NDEATH messages is replaced on their way to each client.
final class SparkplugAware: ThreadSafePlugin {
    static let name = "sparkplug-aware"

    static let optionNames: [String]? = [SparkplugOptions.timestampKey]

    private let broker: Broker
    private let lines = Mutex(LineLimit())

    init(context: ThreadSafePluginContext) throws {
        broker = context.broker
        let options: SparkplugOptions
        do throws(SparkplugOptions.Fault) {
            options = try SparkplugOptions(context.options)
        } catch {
            broker.log(.error, "\(Self.name): \(error.text)")
            throw ResultCode.invalid
        }
        if options.replacesDeathTimestamps, !broker.hasInterface2_1 {
            broker.log(
                .error,
                "\(Self.name): Error: plugin_opt_\(SparkplugOptions.timestampKey) needs a broker"
                    + " of version 2.1, which shows plugins what it sends."
            )
            throw ResultCode.notSupported
        }
        try context.on(.messageIn) { [self] event in
            if SparkplugTopic(event.topicBytes)?.isBirth == true { keepCertificate(event) }
            return .proceed
        }
        // Only whoever wants it pays for it: the event is raised for every message to every client.
        guard options.replacesDeathTimestamps else { return }
        try context.on(.messageOut) { event in
            if SparkplugTopic(event.topicBytes) == .nodeDeath { try Self.replaceTimestamp(&event) }
            return .proceed
        }
    }

    static func findings(about options: PluginOptions) -> [OptionFinding] {
        do throws(SparkplugOptions.Fault) {
            _ = try SparkplugOptions(options)
            return []
        } catch {
            return [OptionFinding(option: error.option, text: error.text)]
        }
    }

    // MARK: - Births

    /// Publishes the copy of a birth; whatever becomes of it, the birth goes on.
    private func keepCertificate(_ event: borrowing MessageEvent) {
        let topic = event.topic
        guard let certificate = BirthCertificate(topic: topic, properties: event.properties) else {
            return report("its topic of \(topic.utf8.count) bytes is too long", event)
        }
        do throws(BrokerError) {
            try broker.publish(
                topic: certificate.topic,
                payload: event.payload.withUnsafeBufferPointer { Array($0) },
                qos: event.qos,
                retain: true,
                properties: certificate.properties
            )
        } catch {
            report("the broker answered \(error.code.rawValue)", event)
        }
    }

    /// A client can cause such a line with every message.
    private func report(_ reason: String, _ event: borrowing MessageEvent) {
        guard lines.withLock({ $0.admits() }) else { return }
        let client = event.client.id ?? ""
        broker.log(
            .warning,
            "\(Self.name): Warning: No certificate of a birth of client \(client): \(reason)."
        )
    }

    // MARK: - Deaths

    private static func replaceTimestamp(_ event: inout MessageEvent) throws(BrokerError) {
        guard
            let payload = SparkplugPayload.replacingTimestamp(
                of: event.payload,
                by: millisecondsSince1970()
            )
        else { return }
        try event.replacePayload(payload)
    }

    private static func millisecondsSince1970() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        // A clock before 1970 shows its beginning.
        return UInt64(max(0, now.tv_sec)) * 1000 + UInt64(now.tv_nsec / 1_000_000)
    }
}

/// Makes `SparkplugAware` the plugin of this library.
@c public func mosquitto_swift_plugin() -> UnsafeRawPointer { SparkplugAware.entry }
