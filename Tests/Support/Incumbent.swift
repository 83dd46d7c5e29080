// SPDX-License-Identifier: Apache-2.0
// Whoever has a client identifier: what must be as before after others were refused.

/// Whoever has a client identifier, in front of a broker that refuses somebody else.
///
/// Each check sets somebody up, lets the caller have a CONNECT refused, and throws if that changed
/// anything. The clients come to one listener that lets them in, with the credentials given.
package struct Incumbent {
    /// The client identifier the refused CONNECT should claim.
    package static let identifier = "owner"

    private let broker: Broker
    private let username: String?
    private let password: String?

    /// Checks at a broker's first listener.
    package init(_ broker: Broker, username: String? = nil, password: String? = nil) {
        self.broker = broker
        self.username = username
        self.password = password
    }

    /// An absent session, its subscription and its queue stay.
    package func checkAbsentSession(_ refuse: () throws -> Void) throws {
        let first = try enter(isPresent: false)
        try first.subscribe("q/#", 1)
        try first.disconnect()
        let publisher = try bystander("own-publisher")
        try publisher.publish1("q/1", "m")
        try refuse()
        try publisher.publish1("q/2", "n")
        let again = try enter(isPresent: true)
        try again.take1("q/1", "m", id: 1)
        try again.take1("q/2", "n", id: 2)
        try again.disconnect()
    }

    /// A connected client stays, and its will is neither published nor lost.
    package func checkConnection(_ refuse: () throws -> Void) throws {
        let watcher = try bystander("own-watcher")
        try watcher.subscribe("gone")
        let client = try enter(isPresent: false)
        try client.subscribe("q/#", 1)
        try refuse()
        client.send(Wire.pingreq)
        try client.expect(Wire.pingresp)
        try watcher.publish1("q/1", "m")
        try client.take1("q/1", "m", id: 1)
        try watcher.expectSilence()
        client.abort()
        try watcher.expectPublish("gone", "w")
        try enter(isPresent: true).disconnect()
    }

    /// The session ends, so that another check can begin.
    package func discard() throws {
        let client = try RawClient(broker)
        client.send(
            Wire.connect(Self.identifier, .v4, username: username, password: password)
        )
        try client.expect(Wire.connack(.v4))
        try client.disconnect()
    }

    /// Connects as the owner of the identifier.
    private func enter(isPresent: Bool) throws -> RawClient {
        let client = try RawClient(broker)
        client.send(
            Wire.connect(
                Self.identifier,
                .v5,
                clean: false,
                username: username,
                password: password,
                properties: Property.sessionExpiry(3600),
                will: Will("gone", "w")
            )
        )
        let connack = try client.readPacket()
        guard connack.prefix(4).suffix(2) == [isPresent ? 1 : 0, 0] else {
            throw Mismatch("CONNACK with session present \(isPresent): \(hexText(connack))")
        }
        client.speak(.v5)
        return client
    }

    private func bystander(_ identifier: String) throws -> RawClient {
        try .connected(to: broker, identifier, username: username, password: password)
    }
}
