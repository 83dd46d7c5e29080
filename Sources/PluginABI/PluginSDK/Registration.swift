// SPDX-License-Identifier: Apache-2.0
// A closure of a plugin that the broker calls.

/// One registered closure.
public final class Registration: Sendable {
    private let broker: Broker
    let trampoline: Trampoline
    let event: CInt
    let topic: String?

    init(broker: Broker, trampoline: Trampoline, event: CInt, topic: String?) {
        self.broker = broker
        self.trampoline = trampoline
        self.event = event
        self.topic = topic
    }

    /// Ends the registration; the closure does not run again.
    ///
    /// Calling it twice is harmless.
    ///
    /// A closure may cancel its own registration while it runs. What the closure holds is released when the
    /// plugin is unloaded. `[plugin thread]`
    public func cancel() {
        broker.unregister(self)
    }
}
