// SPDX-License-Identifier: Apache-2.0
// A client connects: user name and password.

internal import CMosquitto

/// Why a client is refused, told to MQTT 5.0 clients by brokers since 2.1; others say "not authorised".
public enum Refusal: Int32, Sendable, CaseIterable {
    case unspecified = 128
    case implementationSpecific = 131
    case clientIdentifierNotValid = 133
    case badUsernameOrPassword = 134
    case serverUnavailable = 136
    case serverBusy = 137
    case banned = 138
    case badAuthenticationMethod = 140
    case connectionRateExceeded = 159
}

/// The decision about a client's user name and password.
public enum BasicAuthAnswer: Sendable, Equatable {
    /// Let it in; no other plugin is asked.
    case allow
    /// Refuse it as not authorised; no other plugin is asked.
    case deny
    /// Refuse it with a reason.
    case refuse(Refusal)
    /// Leave it to the others; if all do, a client with a user name is refused.
    case pass
    /// Take no part, as if this plugin were not loaded. In 2.0 the same as `pass`.
    case ignore
    /// The answer comes through the `DelayedAnswer` taken from the event.
    case delayed

    func code(host: HostFunctions) -> CInt {
        switch self {
        case .allow: ResultCode.success.rawValue
        case .deny: ResultCode.notAuthorized.rawValue
        case .refuse(let refusal):
            host.isAtLeast2_1 ? refusal.rawValue : ResultCode.notAuthorized.rawValue
        case .pass: ResultCode.pluginDefer.rawValue
        case .ignore: host.ignoreCode
        case .delayed:
            host.completeBasicAuth == nil
                ? ResultCode.notAuthorized.rawValue : ResultCode.authDelayed.rawValue
        }
    }
}

extension HostFunctions {
    /// "I take no part", in the broker's words.
    var ignoreCode: CInt {
        (isAtLeast2_1 ? ResultCode.pluginIgnore : ResultCode.pluginDefer).rawValue
    }
}

/// A client connects without an authentication method, or is checked again after a reload.
public struct BasicAuthEvent: PluginEvent, ~Copyable {
    /// The client.
    public let client: Client
    private let data: UnsafePointer<mosquitto_evt_basic_auth>
    private let broker: Broker

    /// The user name the client gave.
    public var username: String? { data.pointee.username.map { String(cString: $0) } }

    /// The bytes of the user name the client gave, for comparisons that matter.
    public var usernameBytes: [UInt8]? {
        data.pointee.username.map { name in bytes(of: name).withUnsafeBufferPointer { Array($0) } }
    }

    /// The bytes of the password the client gave, up to the first NUL.
    public var password: [UInt8]? {
        data.pointee.password.map { text in bytes(of: text).withUnsafeBufferPointer { Array($0) } }
    }

    /// A promise to answer later; return `.delayed` after taking it.
    ///
    /// `nil` if the broker cannot wait (older than 2.1) or the client has no identifier: answer at once then.
    public func delayedAnswer() throws(BrokerError) -> DelayedAnswer? {
        guard broker.host.completeBasicAuth != nil, let id = client.id else { return nil }
        try broker.preparePerform()
        let ticket = broker.host.authTicket?(data.pointee.client) ?? 0
        return DelayedAnswer(clientID: id, ticket: ticket, broker: broker)
    }

    /// Leaves the decision to others.
    public static var neutralResult: Int32 { ResultCode.pluginDefer.rawValue }

    /// Runs a closure; one that throws refuses the client.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> BasicAuthAnswer
    ) -> Int32 {
        let data = UnsafePointer(data.assumingMemoryBound(to: mosquitto_evt_basic_auth.self))
        var event = Self(
            client: Client(raw: data.pointee.client, host: broker.hostFunctions),
            data: data,
            broker: broker
        )
        do {
            return try body(&event).code(host: broker.host)
        } catch {
            broker.report(error, in: "basic-auth")
            return ResultCode.notAuthorized.rawValue
        }
    }
}

/// A promise to decide about one client; may be kept by any thread.
///
/// If the client goes away meanwhile the answer has no effect.
public struct DelayedAnswer: Sendable {
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

    /// Whether `.pass` and `.ignore` still leave the decision to others.
    public var canPass: Bool { ticket != 0 && broker.host.completeAuth != nil }

    /// Decides.
    ///
    /// Only `.allow` lets the client in. `.pass` and `.ignore` leave it to others where the broker can still ask them,
    /// and refuse elsewhere. Call it once. `[any thread]`
    public func complete(_ answer: BasicAuthAnswer) {
        let code =
            answer == .allow ? ResultCode.success.rawValue : answer.code(host: broker.host)
        broker.perform { [self] in
            if ticket != 0, let complete = broker.host.completeAuth {
                return complete(ticket, code, nil, 0)
            }
            clientID.withCString { broker.host.completeBasicAuth?($0, code) }
        }
    }
}
