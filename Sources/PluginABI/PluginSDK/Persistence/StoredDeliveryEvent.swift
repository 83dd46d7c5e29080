// SPDX-License-Identifier: Apache-2.0
// A message of a stored session waits, comes further, or is over.

internal import CMosquitto

/// A message to or from the client of a stored session waits, has come further, or is over.
public struct StoredDeliveryEvent: PluginEvent, ~Copyable {
    private let data: UnsafeMutablePointer<mosquitto_evt_persist_client_msg>

    /// The client identifier.
    public var clientIDBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.data.clientid)
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The message.
    public var storeID: UInt64 { data.pointee.data.store_id }
    /// Tells the entries of one session apart.
    public var entryID: UInt64 { data.pointee.data.cmsg_id }
    /// The packet identifier; 0 for none.
    public var identifier: UInt16 { data.pointee.data.mid }
    /// The quality of service.
    public var qos: UInt8 { data.pointee.data.qos }
    /// The retain flag.
    public var retain: Bool { data.pointee.data.retain }
    /// Whether it may have been sent before.
    public var isDuplicate: Bool { data.pointee.data.dup != 0 }
    /// 0 from the client, 1 to it.
    public var direction: UInt8 { data.pointee.data.direction }
    /// How far it has come: 3 waits for PUBACK, 5 for PUBREC, 7 for PUBREL, 9 for PUBCOMP, 11 to be sent.
    public var state: UInt8 { data.pointee.data.state }
    /// The subscription identifier; 0 for none.
    public var subscriptionIdentifier: UInt32 { data.pointee.data.subscription_identifier }

    /// Brokers do not look at the result.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws is logged.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> Void
    ) -> Int32 {
        var event = Self(data: data.assumingMemoryBound(to: mosquitto_evt_persist_client_msg.self))
        do { try body(&event) } catch { broker.report(error, in: "persist-client-msg") }
        return neutralResult
    }
}
