// SPDX-License-Identifier: Apache-2.0
// A decision about a step of enhanced authentication that comes later.

internal import Glibc

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
