// SPDX-License-Identifier: Apache-2.0
// Enhanced authentication (MQTT 5.0 section 4.12).

internal import CMosquitto
internal import Glibc

/// The decision about a step of enhanced authentication.
public enum ExtendedAuthAnswer: Sendable, Equatable {
    /// Authenticated; the data goes with CONNACK or AUTH.
    case success([UInt8] = [])
    /// Not yet: the data goes to the client in an AUTH packet.
    case challenge([UInt8])
    /// Refused as not authorised.
    case deny
    /// Refused as not authorised; the data goes with CONNACK, but not in the original broker.
    case denyTelling([UInt8])
    /// Not this plugin's method: leave it to the others.
    case pass
    /// Close the connection with another result code.
    case fail(ResultCode)
    /// The answer comes through the `DelayedExtendedAnswer` taken from the event.
    case delayed

    var code: CInt {
        switch self {
        case .success: ResultCode.success.rawValue
        case .challenge: ResultCode.authContinue.rawValue
        case .deny, .denyTelling: ResultCode.notAuthorized.rawValue
        case .pass: ResultCode.pluginDefer.rawValue
        case .fail(let code): code.rawValue
        case .delayed: ResultCode.authDelayed.rawValue
        }
    }

    var data: [UInt8] {
        switch self {
        case .success(let data), .challenge(let data), .denyTelling(let data): data
        case .deny, .pass, .fail, .delayed: []
        }
    }
}

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
    fileprivate func memory(
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

/// A promise to decide about one step of one client; may be kept by any thread.
public struct DelayedExtendedAnswer: Sendable {
    /// The client that waits.
    public let clientID: String
    /// Names the connection in brokers that tell it apart from others of the same identifier; else 0.
    private let ticket: UInt64
    private let broker: Broker

    init(clientID: String, ticket: UInt64, broker: Broker) {
        self.clientID = clientID
        self.ticket = ticket
        self.broker = broker
    }

    /// Whether the client still waits; always true in brokers that do not tell. `[any thread]`
    public var isAwaited: Bool {
        guard ticket != 0, let isAwaited = broker.host.isAuthAwaited else { return true }
        return isAwaited(ticket)
    }

    /// Decides.
    ///
    /// Call it once. `[any thread]`
    public func complete(_ answer: ExtendedAuthAnswer) {
        broker.perform { [self] in
            if answer.data.isEmpty {
                send(answer.code, nil, 0)
            } else if let memory = broker.host.memory(holding: answer.data) {
                send(answer.code, memory.start, memory.length)
            } else {
                send(ResultCode.notAuthorized.rawValue, nil, 0)
            }
        }
    }

    private func send(_ code: CInt, _ data: UnsafeMutableRawPointer?, _ count: UInt16) {
        if ticket != 0, let complete = broker.host.completeAuth {
            return complete(ticket, code, data, count)
        }
        clientID.withCString { broker.host.completeExtendedAuth?($0, code, data, count) }
    }
}
