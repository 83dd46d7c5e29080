// SPDX-License-Identifier: Apache-2.0
// A decision about a login that comes later.

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
