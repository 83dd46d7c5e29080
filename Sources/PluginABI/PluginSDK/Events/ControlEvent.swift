// SPDX-License-Identifier: Apache-2.0
// A message to one of the plugin's control topics.

internal import CMosquitto

/// What becomes of a client after its control message.
public enum ControlAnswer: Sendable, Equatable {
    /// It stays; results, good or bad, are published to a response topic by the plugin.
    case done
    /// It is disconnected.
    case disconnect(ResultCode, reason: String? = nil)
}

/// A client allowed to do so has published to a control topic.
///
/// The message goes nowhere else.
public struct ControlEvent: PluginEvent, ~Copyable {
    /// The client that sent it.
    public let client: Client
    private let data: UnsafeMutablePointer<mosquitto_evt_control>

    /// The control topic.
    public var topic: String { data.pointee.topic.map { String(cString: $0) } ?? "" }
    /// The payload.
    public var payload: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(at: data.pointee.payload, count: Int(data.pointee.payloadlen))
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The quality of service it was sent with.
    public var qos: QoS { QoS(rawValue: data.pointee.qos) ?? .atMostOnce }
    /// Whether it asked to be retained; control messages never are.
    public var retain: Bool { data.pointee.retain }
    /// Its properties.
    public var properties: [Property] {
        PropertyList.read(UnsafeRawPointer(data.pointee.properties))
    }

    /// The client stays.
    public static var neutralResult: Int32 { ResultCode.success.rawValue }

    /// Runs a closure; one that throws is logged and the client stays.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> ControlAnswer
    ) -> Int32 {
        let data = data.assumingMemoryBound(to: mosquitto_evt_control.self)
        var event = Self(
            client: Client(raw: data.pointee.client, host: broker.hostFunctions),
            data: data
        )
        do {
            guard case .disconnect(let code, let reason) = try body(&event) else {
                return ResultCode.success.rawValue
            }
            data.pointee.reason_string = reason.flatMap { broker.host.duplicate($0) }
            return code.rawValue
        } catch {
            broker.report(error, in: "control")
            return neutralResult
        }
    }
}

extension HostFunctions {
    /// A NUL-terminated copy in the broker's memory, for the broker to free.
    func duplicate(_ text: String) -> UnsafeMutablePointer<CChar>? {
        text.withCString { source in
            let count = text.utf8.count + 1
            guard let copy = malloc(count) else { return nil }
            copy.copyMemory(from: source, byteCount: count)
            return copy.assumingMemoryBound(to: CChar.self)
        }
    }

    /// A copy of bytes in the broker's memory with a NUL byte behind, for the broker to free.
    func duplicate(_ bytes: [UInt8]) -> UnsafeMutableRawPointer? {
        guard let copy = malloc(bytes.count + 1) else { return nil }
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(start: copy, count: bytes.count).copyMemory(from: source)
        }
        copy.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
        return copy
    }
}
