// SPDX-License-Identifier: Apache-2.0
// What a plugin author writes: a type conforming to `Plugin` or `ThreadSafePlugin`.

/// What every plugin tells about itself.
///
/// Conform to `Plugin` or to `ThreadSafePlugin`, never to this protocol alone.
public protocol PluginDescription: SendableMetatype {
    /// The name brokers since 2.1 show in their log and in `listPlugins`.
    static var name: String { get }
    /// The version shown beside the name; `nil` shows none.
    static var version: String? { get }
    /// The options it knows, without `plugin_opt_`; `nil` (unless the plugin says otherwise): any.
    ///
    /// A broker that knows the declaration refuses every other one, with its line, before the plugin is set up.
    static var optionNames: [String]? { get }
    /// What is wrong with options and with the files they name; nothing unless the plugin says otherwise.
    ///
    /// `mosquitto --test-config` asks this instead of setting the plugin up, so it changes nothing.
    static func findings(about options: PluginOptions) -> [OptionFinding]
    /// Called once before the broker forgets the plugin; registrations end by themselves.
    func willUnload()
}

extension PluginDescription {
    /// No version is shown unless the plugin says otherwise.
    public static var version: String? { nil }

    /// Any option is taken unless the plugin says otherwise.
    public static var optionNames: [String]? { nil }

    /// Nothing is wrong unless the plugin says otherwise.
    public static func findings(about options: PluginOptions) -> [OptionFinding] { [] }

    /// Nothing to do unless the plugin says otherwise.
    public func willUnload() {}
}

/// A plugin whose code runs on one thread, the broker's plugin thread, one callback at a time.
///
/// ```swift
/// import PluginSDK
///
/// final class Greeter: Plugin {
///     static let name = "greeter"
///
///     init(context: PluginContext) throws {
///         let broker = context.broker
///         try context.on(.connect) { event in
///             broker.log(.info, "hello \(event.client.id ?? "stranger")")
///         }
///     }
/// }
///
/// @c public func mosquitto_swift_plugin() -> UnsafeRawPointer { Greeter.entry }
/// ```
///
/// `[plugin thread]`
public protocol Plugin: PluginDescription {
    /// Sets the plugin up: reads options and registers closures.
    ///
    /// Clients do not exist yet and listeners are closed. An error thrown here stops the broker's start-up; it is
    /// logged first.
    init(context: PluginContext) throws
}

/// A plugin whose closures may run on any thread of the broker, several at the same time.
///
/// A broker that knows the declaration calls the closures inline on the thread that serves the client, which
/// saves two thread switches per event. A broker that does not (the original) calls them one at a time.
/// The compiler holds the closures to `@Sendable`.
///
/// `[any thread]`
public protocol ThreadSafePlugin: PluginDescription, Sendable {
    /// Whether answers to `accessCheck` depend on client and topic alone; `false` unless the plugin says otherwise.
    ///
    /// A broker that knows the declaration shows such a plugin neither payload nor properties, and takes one
    /// answer for several messages in a row.
    static var decidesAccessByTopic: Bool { get }

    /// Whether `basicAuth` is also asked, without a password, about clients that have proven who they are in another
    /// way; `false` unless the plugin says otherwise.
    ///
    /// A broker that knows the declaration refuses such a client if the answer is a refusal, which must not be delayed.
    static var confirmsLogins: Bool { get }

    /// Sets the plugin up: reads options and registers closures. Runs alone, on the plugin thread.
    init(context: ThreadSafePluginContext) throws
}

extension Plugin {
    /// What `mosquitto_swift_plugin` returns to make this type the plugin of its library.
    public static var entry: UnsafeRawPointer {
        PluginEntry(Self.self, threadSafety: 0) { broker, options throws in
            try Self(context: PluginContext(broker: broker, options: options))
        }.rawPointer
    }
}

extension ThreadSafePlugin {
    /// Access may depend on anything.
    public static var decidesAccessByTopic: Bool { false }

    /// A proof is a proof.
    public static var confirmsLogins: Bool { false }

    /// What `mosquitto_swift_plugin` returns to make this type the plugin of its library.
    public static var entry: UnsafeRawPointer {
        let threadSafety: CInt = 1 + (decidesAccessByTopic ? 2 : 0) + (confirmsLogins ? 4 : 0)
        return PluginEntry(Self.self, threadSafety: threadSafety) { broker, options throws in
            try Self(context: ThreadSafePluginContext(broker: broker, options: options))
        }.rawPointer
    }
}
