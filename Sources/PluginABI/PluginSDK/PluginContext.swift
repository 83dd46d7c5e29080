// SPDX-License-Identifier: Apache-2.0
// What a plugin's initialiser is given: options, the broker, and registration of closures by event.

/// The `plugin_opt_…` lines of the configuration that belong to one plugin, in file order.
public struct PluginOptions: Sendable, RandomAccessCollection {
    /// One option line.
    public struct Element: Sendable, Equatable {
        /// The text after `plugin_opt_`.
        public let key: String
        /// The rest of the line; trailing blanks are kept by brokers.
        public let value: String

        /// Creates an option.
        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    private let elements: [Element]

    /// Creates a list, for tests of a plugin's own code.
    public init(_ elements: [Element]) {
        self.elements = elements
    }

    /// Always zero.
    public var startIndex: Int { 0 }
    /// The number of options.
    public var endIndex: Int { elements.count }
    /// The option at a position.
    public subscript(position: Int) -> Element { elements[position] }

    /// The value of the last option with this key, compared byte for byte.
    public subscript(key: String) -> String? {
        elements.last { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }
}

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
