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
