// SPDX-License-Identifier: Apache-2.0
// A message on its way in or out.

internal import CMosquitto

/// What becomes of a message.
public enum MessageAnswer: Sendable, Equatable {
    /// It goes on, with the changes made.
    case proceed
    /// It is dropped; the publisher learns that it was not authorised, where its protocol can say so.
    case deny
    /// It is dropped; the publisher learns that a quota is exceeded. In 2.0 as `deny`.
    case quotaExceeded
    /// It is dropped and the publisher disconnected.
    case disconnect(ResultCode)
}

/// A message a client has published, or one about to be sent to a client.
///
/// For `messageOut` the client is the receiver, and changes hold for this delivery only. The client is never
/// disconnected on the way out, whatever the answer.
public struct MessageEvent: PluginEvent, ~Copyable {
    /// The publisher of `messageIn`, the receiver of `messageOut`.
    public let client: Client
    private let data: UnsafeMutablePointer<mosquitto_evt_message>
    private let host: HostFunctions
    private let original: Original

    /// What the broker owns already and must not be freed here.
    private struct Original {
        let topic: UnsafeMutablePointer<CChar>?
        let payload: UnsafeMutableRawPointer?
        let payloadLength: UInt32
        let properties: OpaquePointer?
    }

    /// The topic name.
    public var topic: String { data.pointee.topic.map { String(cString: $0) } ?? "" }
    /// The topic name as bytes.
    public var topicBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.topic)
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The payload.
    public var payload: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(at: data.pointee.payload, count: Int(data.pointee.payloadlen))
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The quality of service.
    ///
    /// Brokers heed changes on the way out only.
    public var qos: QoS {
        get { QoS(rawValue: data.pointee.qos) ?? .atMostOnce }
        set { data.pointee.qos = newValue.rawValue }
    }
    /// Whether the message is to be retained.
    public var retain: Bool {
        get { data.pointee.retain }
        set { data.pointee.retain = newValue }
    }
    /// The properties.
    public var properties: [Property] {
        PropertyList.read(UnsafeRawPointer(data.pointee.properties))
    }

    /// Sends the message to another topic, which nobody checks again.
    public mutating func replaceTopic(_ topic: String) throws(BrokerError) {
        guard let copy = host.duplicate(topic) else {
            throw BrokerError(.outOfMemory, "Replacing a topic")
        }
        if data.pointee.topic != original.topic { host.free(data.pointee.topic) }
        data.pointee.topic = copy
    }

    /// Gives the message another payload.
    public mutating func replacePayload(_ payload: [UInt8]) throws(BrokerError) {
        guard let length = UInt32(exactly: payload.count), let copy = host.duplicate(payload) else {
            throw BrokerError(.outOfMemory, "Replacing a payload")
        }
        if data.pointee.payload != original.payload { host.free(data.pointee.payload) }
        data.pointee.payload = copy
        data.pointee.payloadlen = length
    }

    /// Gives the message other properties.
    ///
    /// Removing all of them is not possible in brokers that take an empty list for "unchanged".
    public mutating func replaceProperties(_ properties: [Property]) throws(BrokerError) {
        let list = try PropertyList.make(properties, host: host)
        if data.pointee.properties != original.properties {
            var old = data.pointee.properties
            host.freeProperties(&old)
        }
        data.pointee.properties = list
    }

    /// Takes changes back: brokers do not take them over with a message that is dropped.
    private mutating func restore() {
        if data.pointee.topic != original.topic { host.free(data.pointee.topic) }
        data.pointee.topic = original.topic
        if data.pointee.payload != original.payload { host.free(data.pointee.payload) }
        data.pointee.payload = original.payload
        data.pointee.payloadlen = original.payloadLength
        if data.pointee.properties != original.properties {
            var list = data.pointee.properties
            host.freeProperties(&list)
        }
        data.pointee.properties = original.properties
    }

    /// The message goes on.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws drops the message.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> MessageAnswer
    ) -> Int32 {
        let data = data.assumingMemoryBound(to: mosquitto_evt_message.self)
        let original = Original(
            topic: data.pointee.topic,
            payload: data.pointee.payload,
            payloadLength: data.pointee.payloadlen,
            properties: data.pointee.properties
        )
        var event = Self(
            client: Client(raw: data.pointee.client, host: broker.hostFunctions),
            data: data,
            host: broker.host,
            original: original
        )
        do {
            let answer = try body(&event)
            if answer != .proceed { event.restore() }
            switch answer {
            case .proceed: return ResultCode.success.rawValue
            case .deny: return ResultCode.accessDenied.rawValue
            case .quotaExceeded:
                return
                    (broker.host.isAtLeast2_1 ? ResultCode.quotaExceeded : .accessDenied).rawValue
            case .disconnect(let code): return code.rawValue
            }
        } catch {
            event.restore()
            broker.report(error, in: "message")
            return ResultCode.accessDenied.rawValue
        }
    }
}
