// SPDX-License-Identifier: Apache-2.0
// A client wants to use a topic.

internal import CMosquitto

/// What a client wants to do with a topic.
public enum Access: Int32, Sendable, CaseIterable {
    /// Be sent a message.
    case read = 1
    /// Publish a message.
    case write = 2
    /// Subscribe to a filter.
    case subscribe = 4
    /// Unsubscribe from a filter.
    case unsubscribe = 8
}

/// The decision about an access.
public enum AccessAnswer: Sendable, Equatable {
    /// Allow it; no other plugin is asked.
    case allow
    /// Deny it; no other plugin is asked.
    case deny
    /// Leave it to the others; if all do, it is denied.
    case pass
    /// Take no part, as if this plugin were not loaded. In 2.0 the same as `pass`.
    case ignore
}

/// A client wants to publish, to be sent a message, to subscribe or to unsubscribe.
public struct AccessCheckEvent: PluginEvent, ~Copyable {
    /// The client; for a retained message checked again, its original publisher.
    public let client: Client
    private let data: UnsafePointer<mosquitto_evt_acl_check>

    /// What the client wants to do.
    public let access: Access
    /// The topic name, or the topic filter of a subscription.
    public var topic: String { data.pointee.topic.map { String(cString: $0) } ?? "" }
    /// The topic as bytes.
    public var topicBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.topic)
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The payload; empty for subscriptions.
    public var payload: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(at: data.pointee.payload, count: Int(data.pointee.payloadlen))
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The quality of service of the message or asked for.
    public var qos: QoS { QoS(rawValue: data.pointee.qos) ?? .atMostOnce }
    /// Whether the message is to be retained or was.
    public var retain: Bool { data.pointee.retain }
    /// The properties of the message.
    public var properties: [Property] {
        PropertyList.read(UnsafeRawPointer(data.pointee.properties))
    }

    /// Leaves the decision to others.
    public static var neutralResult: Int32 { ResultCode.pluginDefer.rawValue }

    /// Runs a closure; one that throws denies.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> AccessAnswer
    ) -> Int32 {
        let data = UnsafePointer(data.assumingMemoryBound(to: mosquitto_evt_acl_check.self))
        guard let access = Access(rawValue: data.pointee.access) else { return neutralResult }
        var event = Self(
            client: Client(raw: data.pointee.client, host: broker.hostFunctions),
            data: data,
            access: access
        )
        do {
            switch try body(&event) {
            case .allow: return ResultCode.success.rawValue
            case .deny: return ResultCode.accessDenied.rawValue
            case .pass: return ResultCode.pluginDefer.rawValue
            case .ignore: return broker.host.ignoreCode
            }
        } catch {
            broker.report(error, in: "acl-check")
            return ResultCode.accessDenied.rawValue
        }
    }
}
