// SPDX-License-Identifier: Apache-2.0
// A client has come in.

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
