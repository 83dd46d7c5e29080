// SPDX-License-Identifier: Apache-2.0
// How a client proves who it is with AUTH packets.

/// A method of enhanced authentication (5.0 section 4.12).
///
/// It makes one exchange for each time that the client authenticates.
public protocol MQTTAuthentication: Sendable {
    /// What the method is called in packets, such as `SCRAM-SHA-256`.
    var method: String { get }

    /// Begins an authentication.
    func begin() throws -> any MQTTAuthenticationExchange
}

/// One authentication: what the client says, and whether it believes the server.
///
/// Used on the thread of the client's event loop; must not block.
public protocol MQTTAuthenticationExchange: AnyObject {
    /// What the client begins with; nil for nothing.
    func initialData() throws -> [UInt8]?

    /// Answers a challenge; nil for nothing.
    func respond(to challenge: [UInt8]?) throws -> [UInt8]?

    /// The server has accepted the client and says this; throws if it has not proved who it is.
    func finish(_ data: [UInt8]?) throws
}
