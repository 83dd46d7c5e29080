// SPDX-License-Identifier: Apache-2.0
// Time passes; the configuration is read again.

internal import CMosquitto
internal import Glibc

/// Time passes.
///
/// Brokers call about ten times a second unless asked for less.
public struct TickEvent: PluginEvent, ~Copyable {
    private let data: UnsafeMutablePointer<mosquitto_evt_tick>
    private let isHeeded: Bool

    /// Seconds since 1970.
    public let secondsSince1970: Int

    /// Asks not to be called before this time has passed.
    ///
    /// Brokers older than 2.1 do not heed it.
    public mutating func callAgain(afterMilliseconds milliseconds: Int) {
        guard isHeeded, milliseconds >= 0 else { return }
        data.pointee.next_s = time_t(milliseconds / 1000)
        data.pointee.next_ms = milliseconds % 1000
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
        let data = data.assumingMemoryBound(to: mosquitto_evt_tick.self)
        // The original 2.0 leaves the time out.
        let now = data.pointee.now_s == 0 ? time(nil) : data.pointee.now_s
        var event = Self(data: data, isHeeded: broker.host.isAtLeast2_1, secondsSince1970: Int(now))
        do { try body(&event) } catch { broker.report(error, in: "tick") }
        return neutralResult
    }
}

/// The broker reads its configuration again; a plugin reads its files again.
public struct ReloadEvent: PluginEvent, ~Copyable {
    /// The plugin's options, in brokers that repeat them; the original gives none.
    public let options: PluginOptions

    /// The reload goes on, in other plugins too: 2.0 asks the next one only if this one defers.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws is logged and nothing else happens, so the old state stays.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> Void
    ) -> Int32 {
        let data = data.assumingMemoryBound(to: mosquitto_evt_reload.self)
        var event = Self(
            options: PluginOptions(
                copying: UnsafeRawPointer(data.pointee.options),
                count: data.pointee.option_count
            )
        )
        do { try body(&event) } catch { broker.report(error, in: "reload") }
        return (broker.host.isAtLeast2_1 ? ResultCode.success : .pluginDefer).rawValue
    }
}

extension PluginOptions {
    /// Copies a broker's array of options.
    init(copying options: UnsafeRawPointer?, count: CInt) {
        let array = UnsafeBufferPointer(
            start: options?.assumingMemoryBound(to: mosquitto_opt.self),
            count: options == nil ? 0 : Int(Swift.max(0, count))
        )
        self.init(
            array.map { option in
                Element(
                    key: option.key.map { String(cString: $0) } ?? "",
                    value: option.value.map { String(cString: $0) } ?? ""
                )
            }
        )
    }
}
