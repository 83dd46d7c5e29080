// SPDX-License-Identifier: Apache-2.0
// A connection has ended.

internal import CMosquitto

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
