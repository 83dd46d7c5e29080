// SPDX-License-Identifier: Apache-2.0
// Enhanced authentication (MQTT 5.0 section 4.12).

internal import CMosquitto
internal import Glibc

/// A client begins or goes on with enhanced authentication.
///
/// Nothing tells when a client gives up in the middle, so bound what is kept per `client.key`.
public struct ExtendedAuthEvent: PluginEvent, ~Copyable {
    /// The client.
    public let client: Client
    private let event: UnsafeMutablePointer<mosquitto_evt_extended_auth>
    private let broker: Broker

    /// The authentication method; the original 2.0 leaves it empty when a client goes on.
    public var method: String { event.pointee.auth_method.map { String(cString: $0) } ?? "" }
    /// The authentication data the client sent.
    public var data: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(at: event.pointee.data_in, count: Int(event.pointee.data_in_len))
            return _overrideLifetime(span, borrowing: self)
        }
    }

    /// A promise to answer later; return `.delayed` after taking it.
    ///
    /// `nil` in the original broker up to 2.1, which cannot wait here: answer at once then.
    public func delayedAnswer() throws(BrokerError) -> DelayedExtendedAnswer? {
        guard broker.host.completeExtendedAuth != nil, let id = client.id else { return nil }
        try broker.preparePerform()
        let ticket = broker.host.authTicket?(event.pointee.client) ?? 0
        return DelayedExtendedAnswer(clientID: id, ticket: ticket, broker: broker)
    }

    /// Leaves the decision to others.
    public static var neutralResult: Int32 { ResultCode.pluginDefer.rawValue }

    /// Runs a closure; one that throws refuses the client.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> ExtendedAuthAnswer
    ) -> Int32 {
        let data = data.assumingMemoryBound(to: mosquitto_evt_extended_auth.self)
        var event = Self(
            client: Client(raw: data.pointee.client, host: broker.hostFunctions),
            event: data,
            broker: broker
        )
        do {
            let answer = try body(&event)
            try event.setOutput(answer.data)
            return answer.code
        } catch {
            broker.report(error, in: "enhanced authentication")
            return ResultCode.notAuthorized.rawValue
        }
    }

    /// Hands data to the broker, which frees it.
    private mutating func setOutput(_ output: [UInt8]) throws(BrokerError) {
        guard !output.isEmpty else { return }
        guard let memory = broker.host.memory(holding: output) else {
            throw BrokerError(.invalid, "Sending \(output.count) bytes")
        }
        event.pointee.data_out = memory.start
        event.pointee.data_out_len = memory.length
    }
}

extension HostFunctions {
    /// A copy of authentication data for the broker to free; `nil` for more than may be sent.
    func memory(
        holding data: [UInt8]
    ) -> (start: UnsafeMutableRawPointer, length: UInt16)? {
        guard let length = UInt16(exactly: data.count), let start = malloc(data.count) else {
            return nil
        }
        data.withUnsafeBytes {
            start.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(start), byteCount: $0.count)
        }
        return (start, length)
    }
}
