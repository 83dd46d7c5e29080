// SPDX-License-Identifier: Apache-2.0
// The client as applications see it.

import MQTT
import Net

/// What has become of a client's connection.
public enum MQTTConnectionEvent: Sendable {
    /// The server has accepted the client.
    case connected(MQTTConnack)
    /// The connection is lost; it is made again after a time.
    case lost(MQTTError, retryIn: Duration)
    /// The connection is over, and not made again; nil where the client has ended it.
    case ended(MQTTError?)
}

/// An MQTT client.
///
/// It may be used from any task or thread. A connection that was lost is made again
/// (`MQTTConfiguration.reconnection`), and what was under way goes on: messages of QoS 1 and 2 are sent again until
/// the server has them, subscriptions are made again if the server has lost the session.
/// When nobody has the client any more, it is gone, without a word to the server, and its sequences end;
/// `disconnect` says farewell.
public final class MQTTClient: Sendable {
    private let core: ClientCore

    /// Makes a client that does nothing yet.
    public init(_ configuration: MQTTConfiguration, on loop: MQTTEventLoop = .shared) {
        core = ClientCore(configuration, loop)
    }

    deinit { core.post(.close) }

    // MARK: Connection

    /// Connects, and waits for the server to accept.
    ///
    /// The first attempt is the only one: an error is thrown, and `connect` may be called again.
    @discardableResult
    public nonisolated(nonsending) func connect() async throws -> MQTTConnack {
        let plan = try await Self.plan(core.configuration)
        let waiter = Waiter<MQTTConnack>()
        core.post(.connect(plan, waiter))
        return try await waiter.wait()
    }

    /// Reads the files of TLS, off the caller's actor.
    @concurrent
    private static func plan(_ configuration: MQTTConfiguration) async throws -> OutgoingPlan {
        try configuration.outgoingPlan()
    }

    /// Ends the connection in good order, after what has been published before.
    ///
    /// Messages that the server has not acknowledged by then fail with `MQTTError.closed`. `reason` needs 5.0:
    /// with `disconnectWithWill` the server publishes the will.
    public nonisolated(nonsending) func disconnect(_ reason: MQTTReasonCode = .success) async {
        let waiter = Waiter<Void>()
        core.post(.disconnect(reason, waiter))
        try? await waiter.wait()
    }

    /// The comings and goings of the connection from now on; each call makes a sequence of its own.
    public var connectionEvents: AsyncStream<MQTTConnectionEvent> { core.events() }

    /// Authenticates anew on the open connection, by the method of the configuration (5.0 section 4.12.1).
    public nonisolated(nonsending) func reauthenticate() async throws {
        let waiter = Waiter<Void>()
        core.post(.reauthenticate(waiter))
        try await waiter.wait()
    }

    // MARK: Publishing

    /// Publishes a message and waits until the server has it; with QoS 0, until it is written.
    ///
    /// While there is no connection, it waits for the next one. A task that is cancelled waits no longer, but the
    /// message may arrive all the same.
    ///
    /// - Returns: what the server said: `success`, or that nobody is subscribed.
    @discardableResult
    public nonisolated(nonsending) func publish(
        _ message: MQTTMessage
    ) async throws -> MQTTReasonCode {
        let waiter = Waiter<MQTTReasonCode>()
        while !core.publish(message, waiter) { try await core.waitForRoom() }
        return try await waiter.wait()
    }

    /// Publishes a message and waits until the server has it; with QoS 0, until it is written.
    @discardableResult
    public nonisolated(nonsending) func publish(
        _ payload: MQTTPayload,
        to topic: String,
        qos: MQTTQoS = .atMostOnce,
        isRetained: Bool = false,
        properties: MQTTMessageProperties = MQTTMessageProperties()
    ) async throws -> MQTTReasonCode {
        try await publish(
            MQTTMessage(
                topic: topic,
                payload: payload,
                qos: qos,
                isRetained: isRetained,
                properties: properties
            )
        )
    }

    /// Takes a message over and publishes it later; waits only while there is no room for it.
    ///
    /// For many messages: as many are under way at once as both sides allow. `flush` tells how that went.
    public nonisolated(nonsending) func enqueue(_ message: MQTTMessage) async throws {
        while !core.publish(message, nil) { try await core.waitForRoom() }
    }

    /// Takes messages over and publishes them later; waits only while there is no room for them.
    public nonisolated(nonsending) func enqueue(contentsOf messages: [MQTTMessage]) async throws {
        var rest = messages[...]
        while !rest.isEmpty {
            rest = rest.dropFirst(core.publish(rest))
            if !rest.isEmpty { try await core.waitForRoom() }
        }
    }

    /// Takes a message over if there is room for it, and publishes it later; never waits.
    ///
    /// Returns whether it was taken.
    public func offer(_ message: MQTTMessage) -> Bool { core.publish(message, nil) }

    /// Waits until the server has all messages that were taken over, and throws why the first that failed since
    /// the last call did.
    public nonisolated(nonsending) func flush() async throws { try await core.waitForNothing() }

    // MARK: Subscribing

    /// Subscribes to a topic filter.
    public nonisolated(nonsending) func subscribe(
        to filter: String,
        qos: MQTTQoS = .atMostOnce
    ) async throws -> MQTTSubscription {
        try await subscribe(to: [MQTTSubscriptionRequest(filter, qos: qos)])
    }

    /// Subscribes to topic filters, whose messages come in one sequence.
    ///
    /// A message that matches filters of several subscriptions comes in each of their sequences, as often as the
    /// server sends it.
    ///
    /// - Parameter identifier: 1 to 268,435,455; messages name it (5.0 section 3.8.2.1.2)
    /// - Throws: `MQTTError.subscribeRefused` if the server refuses all of the filters
    public nonisolated(nonsending) func subscribe(
        to requests: [MQTTSubscriptionRequest],
        identifier: UInt32? = nil
    ) async throws -> MQTTSubscription {
        let handle = SubscriptionHandle(core, filters: requests.map(\.filter))
        let waiter = Waiter<[MQTTReasonCode]>()
        core.post(.subscribe(requests, identifier: identifier, handle, waiter))
        let codes = try await waiter.wait()
        if let code = codes.first, codes.allSatisfy(\.isError) {
            throw MQTTError.subscribeRefused(code)
        }
        return MQTTSubscription(handle: handle, granted: codes)
    }

    /// Ends subscriptions; their sequences go on for filters that are left.
    @discardableResult
    public nonisolated(nonsending) func unsubscribe(
        from filters: [String]
    ) async throws -> [MQTTReasonCode] {
        let waiter = Waiter<[MQTTReasonCode]>()
        core.post(.unsubscribe(filters, waiter))
        return try await waiter.wait()
    }

    /// Messages that no open subscription is for, such as those of a session of the past.
    ///
    /// A client that goes on with such a session must read it, or nothing more is read from the server once it
    /// is full.
    public var messages: MQTTSubscription {
        MQTTSubscription(handle: SubscriptionHandle(core, core.others), granted: [])
    }
}
