// SPDX-License-Identifier: Apache-2.0
// Where a plugin that is called by several threads registers its closures.

/// Given to a `ThreadSafePlugin`'s initialiser; registers closures that may run on several threads at once.
public final class ThreadSafePluginContext: Sendable {
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
    /// Throws what the broker answered: `.notSupported` for an event this broker does not have,
    /// `.alreadyExists` for a taken control topic.
    @discardableResult
    public func on<Event: PluginEvent & ~Copyable>(
        _ kind: EventKind<Event>,
        _ body: @escaping @Sendable (inout Event) throws -> Event.Answer
    ) throws(BrokerError) -> Registration {
        try broker.register(kind, body)
    }
}
