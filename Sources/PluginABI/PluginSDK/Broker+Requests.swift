// SPDX-License-Identifier: Apache-2.0
// What a plugin asks of the broker: publish, disconnect clients, look them up.

/// Quality of service of a message.
public enum QoS: UInt8, Sendable, Comparable {
    /// Delivered at most once.
    case atMostOnce = 0
    /// Delivered at least once.
    case atLeastOnce = 1
    /// Delivered exactly once.
    case exactlyOnce = 2

    /// Orders by strength of the promise.
    public static func < (left: QoS, right: QoS) -> Bool { left.rawValue < right.rawValue }
}

extension Broker {
    /// Where the configuration puts what is to outlive the broker; `nil`: nowhere, or a broker before 2.1.
    public var persistenceLocation: String? {
        host.persistenceLocation.flatMap { $0() }.map { String(cString: $0) }
    }

    /// Publishes a message; the broker delivers it soon after the call.
    ///
    /// With `clientID` only that client gets it, subscribed or not, and it is never retained; an unknown client drops
    /// it silently. No write check is made and no message event fires.
    public func publish(
        topic: String,
        payload: [UInt8],
        qos: QoS = .atMostOnce,
        retain: Bool = false,
        properties: [Property] = [],
        onlyTo clientID: String? = nil
    ) throws(BrokerError) {
        guard let length = CInt(exactly: payload.count) else {
            throw BrokerError(.invalid, "Publishing a payload of \(payload.count) bytes")
        }
        var list = try PropertyList.make(properties, host: host)
        let code = clientID.withOptionalCString { clientID in
            topic.withCString { topic in
                payload.withUnsafeBytes { payload in
                    host.publishCopy(
                        clientID,
                        topic,
                        length,
                        payload.baseAddress,
                        CInt(qos.rawValue),
                        retain,
                        list
                    )
                }
            }
        }
        if code != ResultCode.success.rawValue { host.freeProperties(&list) }
        try ResultCode(rawValue: code).check("Publishing to \(topic)")
    }

    /// Publishes text.
    public func publish(
        topic: String,
        text: String,
        qos: QoS = .atMostOnce,
        retain: Bool = false,
        properties: [Property] = [],
        onlyTo clientID: String? = nil
    ) throws(BrokerError) {
        try publish(
            topic: topic,
            payload: Array(text.utf8),
            qos: qos,
            retain: retain,
            properties: properties,
            onlyTo: clientID
        )
    }

    /// Disconnects a client; `false` if there is none with this identifier.
    ///
    /// The original broker disconnects within the call, so events of the client may be delivered to the plugin
    /// before it returns.
    @discardableResult
    public func kick(clientID: String, withWill: Bool = true) -> Bool {
        clientID.withCString { host.kickByClientID($0, withWill) } == ResultCode.success.rawValue
    }

    /// Disconnects all clients with a username, or with `nil` all that have none.
    public func kickAll(username: String?, withWill: Bool = true) {
        _ = username.withOptionalCString { host.kickByUsername($0, withWill) }
    }

    /// Disconnects every client.
    public func kickEveryone(withWill: Bool = true) {
        _ = host.kickByClientID(nil, withWill)
    }

    /// Calls `body` with a connected or stored client; `nil` if it is unknown or the broker is older than 2.1.
    public func withClient<Result>(
        id: String,
        _ body: (borrowing Client) throws -> Result
    ) rethrows -> Result? {
        guard let find = host.client, let raw = id.withCString({ find($0) }) else { return nil }
        return try body(Client(raw: raw, host: hostFunctions))
    }

    /// Calls `body` with every connected or stored client until it returns `false`.
    ///
    /// Throws `.notSupported` in brokers older than 2.1.
    public func forEachClient(_ body: (borrowing Client) -> Bool) throws(BrokerError) {
        guard let applyOnAll = host.applyOnAllClients else {
            throw BrokerError(.notSupported, "Visiting all clients")
        }
        withoutActuallyEscaping(body) { body in
            let visitor = ClientVisitor(host: hostFunctions, body: body)
            withExtendedLifetime(visitor) {
                _ = applyOnAll(
                    { raw, context in
                        guard let context else { return 1 }
                        let visitor = Unmanaged<ClientVisitor>.fromOpaque(context)
                            .takeUnretainedValue()
                        return visitor.body(Client(raw: raw, host: visitor.host)) ? 0 : 1
                    },
                    Unmanaged.passUnretained(visitor).toOpaque()
                )
            }
        }
    }
}

/// Carries a Swift closure through the C iteration.
private final class ClientVisitor {
    let host: UnsafePointer<HostFunctions>
    let body: (borrowing Client) -> Bool

    init(host: UnsafePointer<HostFunctions>, body: @escaping (borrowing Client) -> Bool) {
        self.host = host
        self.body = body
    }
}
