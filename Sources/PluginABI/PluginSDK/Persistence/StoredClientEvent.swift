// SPDX-License-Identifier: Apache-2.0
// A session begins, changes or ends.

internal import CMosquitto

/// A session begins, changes or ends: then only its identifier is told.
public struct StoredClientEvent: PluginEvent, ~Copyable {
    private let data: UnsafeMutablePointer<mosquitto_evt_persist_client>

    /// The client identifier.
    public var clientIDBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.data.clientid)
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The user name.
    public var usernameBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.data.username)
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// Whether there is a user name.
    public var hasUsername: Bool { data.pointee.data.username != nil }
    /// Seconds to live without a connection; `UInt32.max`: never ends.
    public var expiryInterval: UInt32 { data.pointee.data.session_expiry_interval }
    /// Second since 1970 at which it ends; 0: none is set.
    public var expiryTime: Int64 { Int64(data.pointee.data.session_expiry_time) }
    /// Seconds between the end of its connection and its will.
    public var willDelayInterval: UInt32 { data.pointee.data.will_delay_interval }
    /// Second since 1970 at which its will is due; 0: none is set.
    public var willDelayTime: Int64 { Int64(data.pointee.data.will_delay_time) }
    /// The port of the listener its client came through.
    public var listenerPort: UInt16 { data.pointee.data.listener_port }
    /// The largest packet its client takes; 0: any.
    public var maximumPacketSize: UInt32 { data.pointee.data.max_packet_size }
    /// The highest quality of service its client may use.
    public var maximumQoS: UInt8 { data.pointee.data.max_qos }
    /// Whether its client may have messages retained.
    public var isRetainAvailable: Bool { data.pointee.data.retain_available }

    /// Brokers do not look at the result.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws is logged.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> Void
    ) -> Int32 {
        var event = Self(data: data.assumingMemoryBound(to: mosquitto_evt_persist_client.self))
        do { try body(&event) } catch { broker.report(error, in: "persist-client") }
        return neutralResult
    }
}
