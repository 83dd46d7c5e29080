// SPDX-License-Identifier: Apache-2.0
// A message is to be stored, or is no longer needed.

internal import CMosquitto

/// A message is to be stored, or is no longer needed: then only `storeID` is told.
public struct StoredMessageEvent: PluginEvent, ~Copyable {
    private let data: UnsafeMutablePointer<mosquitto_evt_persist_base_msg>

    /// What others refer to it by.
    public var storeID: UInt64 { data.pointee.data.store_id }
    /// Its last second since 1970; 0: it never expires.
    public var expiryTime: Int64 { data.pointee.data.expiry_time }
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
    /// Who has published it; empty for the broker.
    public var sourceIDBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.data.source_id)
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// Whether its publisher has a client identifier.
    public var hasSource: Bool { data.pointee.data.source_id != nil }
    /// The user name of who has published it.
    public var sourceUsernameBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.data.source_username)
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// Whether its publisher has a user name.
    public var hasSourceUsername: Bool { data.pointee.data.source_username != nil }
    /// The port of the listener it came through; 0 when unknown.
    public var sourcePort: UInt16 { data.pointee.data.source_port }
    /// The packet identifier it came with; 0 when unknown.
    public var sourceIdentifier: UInt16 { data.pointee.data.source_mid }
    /// The quality of service it was published with.
    public var qos: UInt8 { data.pointee.data.qos }
    /// The retain flag it was published with.
    public var retain: Bool { data.pointee.data.retain }
    /// The properties that go to its receivers.
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
        var event = Self(data: data.assumingMemoryBound(to: mosquitto_evt_persist_base_msg.self))
        do { try body(&event) } catch { broker.report(error, in: "persist-base-msg") }
        return neutralResult
    }
}
