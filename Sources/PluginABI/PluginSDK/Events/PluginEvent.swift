// SPDX-License-Identifier: Apache-2.0
// Which events exist and how one reaches a closure.

/// The data of one kind of event, valid while the closure runs.
///
/// The SDK has a type for every event; plugins do not conform their own.
public protocol PluginEvent: ~Copyable {
    /// What the closure decides.
    associatedtype Answer
    /// What the broker is told when nothing is decided.
    static var neutralResult: Int32 { get }
    /// Wraps the broker's data, runs the closure, and translates its answer.
    static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> Answer
    ) -> Int32
}

/// Names an event, for `PluginContext.on`.
public struct EventKind<Event: PluginEvent & ~Copyable>: Sendable {
    let number: Int32
    let name: String
    let topic: String?

    init(_ number: Int32, _ name: String, topic: String? = nil) {
        self.number = number
        self.name = name
        self.topic = topic
    }
}

extension EventKind where Event: ~Copyable, Event == ReloadEvent {
    /// The broker was told to read its configuration again (SIGHUP).
    public static var reload: Self { Self(1, "reload") }
}

extension EventKind where Event: ~Copyable, Event == AccessCheckEvent {
    /// A client wants to read, write, subscribe or unsubscribe.
    public static var accessCheck: Self { Self(2, "acl-check") }
}

extension EventKind where Event: ~Copyable, Event == BasicAuthEvent {
    /// A client connects with or without user name and password.
    public static var basicAuth: Self { Self(3, "basic-auth") }
}

extension EventKind where Event: ~Copyable, Event == ExtendedAuthEvent {
    /// A client begins enhanced authentication, or begins it again.
    public static var extendedAuthStart: Self { Self(4, "auth-start") }
    /// A client goes on with enhanced authentication.
    public static var extendedAuthContinue: Self { Self(5, "auth-continue") }
}

extension EventKind where Event: ~Copyable, Event == ControlEvent {
    /// A message to a control topic, which must begin with `$CONTROL/` and be this plugin's alone.
    public static func control(_ topic: String) -> Self { Self(6, "control", topic: topic) }
}

extension EventKind where Event: ~Copyable, Event == MessageEvent {
    /// A client has published a message and may do so.
    public static var messageIn: Self { Self(7, "message-in") }
    /// A message is about to be sent to a client.
    ///
    /// Brokers since 2.1.
    public static var messageOut: Self { Self(27, "message-out") }
}

extension EventKind where Event: ~Copyable, Event == PreSharedKeyEvent {
    /// A TLS-PSK handshake needs a key.
    public static var preSharedKey: Self { Self(8, "psk-key") }
}

extension EventKind where Event: ~Copyable, Event == TickEvent {
    /// Time passes.
    public static var tick: Self { Self(9, "tick") }
}

extension EventKind where Event: ~Copyable, Event == DisconnectEvent {
    /// A client's connection and session have ended.
    ///
    /// In 2.0, also if the session goes on.
    public static var disconnect: Self { Self(10, "disconnect") }
    /// A client's connection has ended and its session goes on.
    ///
    /// Brokers since 2.1.
    public static var clientOffline: Self { Self(28, "client-offline") }
}

extension EventKind where Event: ~Copyable, Event == ConnectEvent {
    /// A client has connected.
    ///
    /// Brokers since 2.1.
    public static var connect: Self { Self(11, "connect") }
}

extension EventKind where Event: ~Copyable, Event == SubscriptionEvent {
    /// A client subscribes and may do so.
    ///
    /// Brokers since 2.1.
    public static var subscribe: Self { Self(12, "subscribe") }
    /// A client unsubscribes and may do so.
    ///
    /// Brokers since 2.1.
    public static var unsubscribe: Self { Self(13, "unsubscribe") }
}
