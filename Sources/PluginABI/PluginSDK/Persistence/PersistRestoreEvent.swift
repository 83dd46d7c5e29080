// SPDX-License-Identifier: Apache-2.0
// The broker starts: what was kept may be given back.

internal import CMosquitto

/// The broker starts: what was kept may be given back, in the order of the functions here.
///
/// Nothing of it comes back as an event, but for messages that nobody needs. Each function throws what the broker
/// answered: `.alreadyExists` or `.invalid` for what is there already, `.notFound` or `.unknown` for what refers to
/// something that is not.
public struct PersistRestoreEvent: PluginEvent, ~Copyable {
    private let host: HostFunctions

    /// Gives a message back.
    public func add(_ message: StoredMessage) throws(BrokerError) {
        guard let add = host.persistBaseMessageAdd else { throw Self.missing }
        var record = mosquitto_base_msg()
        record.store_id = message.storeID
        record.expiry_time = message.expiryTime
        record.properties = try PropertyList.make(message.properties, host: host)
        record.topic = host.duplicate(message.topic)?.assumingMemoryBound(to: CChar.self)
        if !message.payload.isEmpty { record.payload = host.duplicate(message.payload) }
        record.payloadlen = UInt32(truncatingIfNeeded: message.payload.count)
        record.source_port = message.sourcePort
        record.source_mid = message.sourceIdentifier
        record.qos = message.qos
        record.retain = message.retain
        let code = message.sourceID.withOptionalCString { sourceID in
            message.sourceUsername.withOptionalCString { username in
                record.source_id = UnsafeMutablePointer(mutating: sourceID)
                record.source_username = UnsafeMutablePointer(mutating: username)
                return withUnsafeMutablePointer(to: &record) { add(UnsafeMutableRawPointer($0)) }
            }
        }
        try ResultCode(rawValue: code).check("Giving a message back")
    }

    /// Makes a message that was given back the retained one of its topic.
    public func setRetained(topic: [UInt8], storeID: UInt64) throws(BrokerError) {
        guard let set = host.persistRetainedSet else { throw Self.missing }
        let code = Self.withText(topic) { set($0, storeID) }
        try ResultCode(rawValue: code).check("Giving a retained message back")
    }

    /// Gives a session back.
    public func add(_ client: StoredClient) throws(BrokerError) {
        guard let add = host.persistClientAdd else { throw Self.missing }
        var record = mosquitto_client()
        record.clientid = host.duplicate(client.clientID)
        record.username = client.username.flatMap { host.duplicate($0) }
        record.will_delay_time = Int(client.willDelayTime)
        record.session_expiry_time = Int(client.expiryTime)
        record.will_delay_interval = client.willDelayInterval
        record.session_expiry_interval = client.expiryInterval
        record.max_packet_size = client.maximumPacketSize
        record.listener_port = client.listenerPort
        record.max_qos = client.maximumQoS
        record.retain_available = client.isRetainAvailable
        let code = withUnsafeMutablePointer(to: &record) { add(UnsafeMutableRawPointer($0)) }
        try ResultCode(rawValue: code).check("Giving a session back")
    }

    /// Gives a subscription back: the whole filter, and options as on the wire.
    public func addSubscription(
        clientID: String,
        filter: [UInt8],
        options: UInt8,
        identifier: UInt32
    ) throws(BrokerError) {
        guard let add = host.subscriptionAdd else { throw Self.missing }
        var record = mosquitto_subscription()
        record.options = options
        record.identifier = identifier
        let code = clientID.withCString { clientID in
            Self.withText(filter) { filter in
                record.clientid = UnsafeMutablePointer(mutating: clientID)
                record.topic_filter = UnsafeMutablePointer(mutating: filter)
                return withUnsafePointer(to: &record) { add(UnsafeRawPointer($0)) }
            }
        }
        // It was there before: that is what was wanted.
        if code != -2 { try ResultCode(rawValue: code).check("Giving a subscription back") }
    }

    /// Gives a delivery back.
    public func add(_ delivery: StoredDelivery) throws(BrokerError) {
        guard let add = host.persistClientMessageAdd else { throw Self.missing }
        var record = mosquitto_client_msg()
        record.cmsg_id = delivery.entryID
        record.store_id = delivery.storeID
        record.subscription_identifier = delivery.subscriptionIdentifier
        record.mid = delivery.identifier
        record.qos = delivery.qos
        record.retain = delivery.retain
        record.dup = delivery.isDuplicate ? 1 : 0
        record.direction = delivery.isOutgoing ? 1 : 0
        record.state = delivery.state
        let code = delivery.clientID.withCString { clientID in
            record.clientid = clientID
            return withUnsafeMutablePointer(to: &record) { add(UnsafeMutableRawPointer($0)) }
        }
        try ResultCode(rawValue: code).check("Giving a delivery back")
    }

    /// Gives a will back; the broker does not publish one without a delay.
    public func setWill(_ will: StoredWill) throws(BrokerError) {
        guard let set = host.clientWillSet else { throw Self.missing }
        var list = try PropertyList.make(will.properties, host: host)
        let code = will.clientID.withCString { clientID in
            Self.withText(will.topic) { topic in
                will.payload.withUnsafeBytes { payload in
                    set(
                        clientID,
                        topic,
                        CInt(payload.count),
                        payload.baseAddress,
                        CInt(will.qos),
                        will.retain,
                        list
                    )
                }
            }
        }
        if code != ResultCode.success.rawValue { host.freeProperties(&list) }
        try ResultCode(rawValue: code).check("Giving a will back")
    }

    private static let missing = BrokerError(.notSupported, "Giving something back")

    /// Lends bytes as a C string.
    private static func withText<Result>(
        _ bytes: [UInt8],
        _ body: (UnsafePointer<CChar>) -> Result
    ) -> Result {
        String(decoding: bytes, as: UTF8.self).withCString(body)
    }

    /// Brokers do not look at the result.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws is logged.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> Void
    ) -> Int32 {
        var event = Self(host: broker.host)
        do { try body(&event) } catch { broker.report(error, in: "persist-restore") }
        return neutralResult
    }
}
