// SPDX-License-Identifier: Apache-2.0
// What a plugin's initialiser is given: options, the broker, and registration of closures by event.

/// Given to a `Plugin`'s initialiser; registers closures that run on the plugin thread.
public final class PluginContext {
    /// The broker that loaded the plugin.
    public let broker: Broker
    /// The plugin's options.
    public let options: PluginOptions

    package init(broker: Broker, options: PluginOptions) {
        self.broker = broker
        self.options = options
    }

    /// Registers a closure for an event; closures of one event run in the order of registration.
    ///
    /// Works at any time on the plugin thread, not only in the initialiser. Throws what the broker answered:
    /// `.notSupported` for an event this broker does not have, `.alreadyExists` for a taken control topic.
    @discardableResult
    public func on<Event: PluginEvent & ~Copyable>(
        _ kind: EventKind<Event>,
        _ body: @escaping (inout Event) throws -> Event.Answer
    ) throws(BrokerError) -> Registration {
        try broker.register(kind, body)
    }
}
