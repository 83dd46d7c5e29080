// SPDX-License-Identifier: Apache-2.0
// A client subscribes or unsubscribes.

internal import CMosquitto

/// Whether a client may go on.
public enum SubscriptionAnswer: Sendable, Equatable {
    /// Yes, with the changes made.
    case proceed
    /// No: it is disconnected. To refuse one filter answer `accessCheck` instead.
    case disconnect(ResultCode)
}

/// A client subscribes or unsubscribes.
public struct SubscriptionEvent: PluginEvent, ~Copyable {
    /// The client.
    public let client: Client
    private let data: UnsafeMutablePointer<mosquitto_evt_subscribe>
    private let host: HostFunctions
    private let original: UnsafeMutablePointer<CChar>?

    /// The topic filter, with `$share/…/` if it is shared.
    public var topicFilter: String {
        data.pointee.data.topic_filter.map { String(cString: $0) } ?? ""
    }
    /// The subscription identifier; 0 for none.
    public var identifier: UInt32 { data.pointee.data.identifier }
    /// The subscription options as in the packet: QoS, 0x04 no local, 0x08 retain as published,
    /// 0x30 retain handling.
    ///
    /// Changes are heeded for subscriptions.
    public var options: UInt8 {
        get { data.pointee.data.options }
        set { data.pointee.data.options = newValue }
    }
    /// The quality of service asked for.
    public var qos: QoS {
        get { QoS(rawValue: options & 0x03) ?? .atMostOnce }
        set { options = options & ~0x03 | newValue.rawValue }
    }

    /// Lets the client subscribe to, or unsubscribe from, another filter.
    public mutating func replaceTopicFilter(_ filter: String) throws(BrokerError) {
        guard let copy = host.duplicate(filter) else {
            throw BrokerError(.outOfMemory, "Replacing a filter")
        }
        if data.pointee.data.topic_filter != original { host.free(data.pointee.data.topic_filter) }
        data.pointee.data.topic_filter = copy
    }

    /// Takes a change back: brokers do not take it over with a packet they refuse.
    private mutating func restore() {
        if data.pointee.data.topic_filter != original { host.free(data.pointee.data.topic_filter) }
        data.pointee.data.topic_filter = original
    }

    /// The client goes on.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws is logged and the client goes on.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> SubscriptionAnswer
    ) -> Int32 {
        let data = data.assumingMemoryBound(to: mosquitto_evt_subscribe.self)
        var event = Self(
            client: Client(raw: data.pointee.client, host: broker.hostFunctions),
            data: data,
            host: broker.host,
            original: data.pointee.data.topic_filter
        )
        do {
            switch try body(&event) {
            case .proceed: return ResultCode.success.rawValue
            case .disconnect(let code):
                event.restore()
                return code.rawValue
            }
        } catch {
            broker.report(error, in: "subscription")
            return neutralResult
        }
    }
}
