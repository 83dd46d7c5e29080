// SPDX-License-Identifier: Apache-2.0
// A subscription of a stored session begins or ends.

internal import CMosquitto

/// A subscription of a stored session begins, changes or ends: then options and identifier are 0.
public struct StoredSubscriptionEvent: PluginEvent, ~Copyable {
    private let data: UnsafeMutablePointer<mosquitto_evt_persist_subscription>

    /// The client identifier.
    public var clientIDBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.data.clientid)
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The topic filter, with `$share/…/` if it is shared.
    public var filterBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.data.topic_filter)
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The subscription options as in the packet.
    public var options: UInt8 { data.pointee.data.options }
    /// The subscription identifier; 0 for none.
    public var identifier: UInt32 { data.pointee.data.identifier }

    /// Brokers do not look at the result.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws is logged.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> Void
    ) -> Int32 {
        var event = Self(
            data: data.assumingMemoryBound(to: mosquitto_evt_persist_subscription.self)
        )
        do { try body(&event) } catch { broker.report(error, in: "persist-subscription") }
        return neutralResult
    }
}
