// SPDX-License-Identifier: Apache-2.0
// Greets those who say hello, and lets nobody touch the archive but the archivist.

import PluginSDK

final class Greeter: Plugin {
    static let name = "greeter"
    static let version: String? = "1.0"

    init(context: PluginContext) throws {
        let broker = context.broker
        let greeting = context.options["greeting"] ?? "Hello"

        try context.on(.messageIn) { message in
            if message.topic == "hello", let id = message.client.id {
                try broker.publish(topic: "greetings", text: "\(greeting), \(id)!")
            }
            return .proceed
        }
        try context.on(.accessCheck) { check in
            guard check.access == .write, check.topic.hasPrefix("archive/") else { return .allow }
            return check.client.username == "archivist" ? .allow : .deny
        }
        broker.log(.info, "greeter says \(greeting)")
    }
}

/// Makes `Greeter` the plugin of this library.
@c public func mosquitto_swift_plugin() -> UnsafeRawPointer { Greeter.entry }
