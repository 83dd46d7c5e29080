// SPDX-License-Identifier: Apache-2.0
// A message is retained, or a topic has none any more.

internal import CMosquitto

/// A message is retained under its topic, or the topic has none any more: then `storeID` is 0.
public struct RetainedMessageEvent: PluginEvent, ~Copyable {
    private let data: UnsafeMutablePointer<mosquitto_evt_persist_retain_msg>

    /// The message.
    public var storeID: UInt64 { data.pointee.store_id }
    /// The topic name.
    public var topicBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: data.pointee.topic)
            return _overrideLifetime(span, borrowing: self)
        }
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
        var event = Self(data: data.assumingMemoryBound(to: mosquitto_evt_persist_retain_msg.self))
        do { try body(&event) } catch { broker.report(error, in: "persist-retain-msg") }
        return neutralResult
    }
}
