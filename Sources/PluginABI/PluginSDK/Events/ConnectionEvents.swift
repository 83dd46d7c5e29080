// SPDX-License-Identifier: Apache-2.0
// Clients come and go, subscribe, and need keys.

internal import CMosquitto

/// A client has connected.
public struct ConnectEvent: PluginEvent, ~Copyable {
    /// The client.
    public let client: Client

    /// Brokers do not look at the result.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws is logged.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> Void
    ) -> Int32 {
        let data = data.assumingMemoryBound(to: mosquitto_evt_connect.self)
        var event = Self(client: Client(raw: data.pointee.client, host: broker.hostFunctions))
        do { try body(&event) } catch { broker.report(error, in: "connect") }
        return neutralResult
    }
}

/// A client's connection has ended.
public struct DisconnectEvent: PluginEvent, ~Copyable {
    /// The client, still with its name and address.
    public let client: Client
    /// Why: 0 if the client said good-bye, else a `MOSQ_ERR_…` number.
    public let reason: ResultCode

    /// Brokers do not look at the result.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws is logged.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> Void
    ) -> Int32 {
        let data = data.assumingMemoryBound(to: mosquitto_evt_disconnect.self)
        var event = Self(
            client: Client(raw: data.pointee.client, host: broker.hostFunctions),
            reason: ResultCode(rawValue: data.pointee.reason)
        )
        do { try body(&event) } catch { broker.report(error, in: "disconnect") }
        return neutralResult
    }
}

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

/// The decision about a pre-shared key.
public enum PreSharedKeyAnswer: Sendable, Equatable {
    /// The key in hexadecimal digits.
    case key(String)
    /// Unknown here: leave it to the others.
    case pass
    /// No key: the handshake fails.
    case deny
}

/// A TLS-PSK handshake needs the key of an identity.
public struct PreSharedKeyEvent: PluginEvent, ~Copyable {
    /// The client, which has no name yet.
    public let client: Client
    private let data: UnsafeMutablePointer<mosquitto_evt_psk_key>

    /// The listener's hint.
    public var hint: String { data.pointee.hint.map { String(cString: $0) } ?? "" }
    /// The identity the client claims.
    public var identity: String { data.pointee.identity.map { String(cString: $0) } ?? "" }

    /// Leaves the decision to others.
    public static var neutralResult: Int32 { ResultCode.pluginDefer.rawValue }

    /// Runs a closure; one that throws, or gives a key too long for TLS, makes the handshake fail.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> PreSharedKeyAnswer
    ) -> Int32 {
        let data = data.assumingMemoryBound(to: mosquitto_evt_psk_key.self)
        var event = Self(
            client: Client(raw: data.pointee.client, host: broker.hostFunctions),
            data: data
        )
        do {
            switch try body(&event) {
            case .key(let hex):
                let length = hex.utf8.count
                guard length <= Int(data.pointee.max_key_len), let key = data.pointee.key else {
                    break
                }
                hex.withCString { source in
                    UnsafeMutableRawPointer(key).copyMemory(from: source, byteCount: length + 1)
                }
                return ResultCode.success.rawValue
            case .pass: return neutralResult
            case .deny: break
            }
        } catch {
            broker.report(error, in: "psk-key")
        }
        return ResultCode.notAuthorized.rawValue
    }
}
