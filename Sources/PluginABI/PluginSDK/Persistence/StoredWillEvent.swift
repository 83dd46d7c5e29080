// SPDX-License-Identifier: Apache-2.0
// A client has a will, or none any more.

internal import CMosquitto

/// A client has a will, or none any more: then only its identifier is told.
public struct StoredWillEvent: PluginEvent, ~Copyable {
    private let data: UnsafeMutablePointer<mosquitto_evt_persist_will_msg>

    /// The client identifier.
    public var clientIDBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.data.clientid)
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The topic name.
    public var topicBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.data.topic)
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The payload.
    public var payload: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(
                at: data.pointee.data.payload,
                count: Int(data.pointee.data.payloadlen)
            )
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The quality of service.
    public var qos: UInt8 { data.pointee.data.qos }
    /// The retain flag.
    public var retain: Bool { data.pointee.data.retain }
    /// The properties that go to receivers, and the message expiry interval.
    public var properties: [Property] {
        PropertyList.read(UnsafeRawPointer(data.pointee.data.properties))
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
        var event = Self(data: data.assumingMemoryBound(to: mosquitto_evt_persist_will_msg.self))
        do { try body(&event) } catch { broker.report(error, in: "persist-will") }
        return neutralResult
    }
}
