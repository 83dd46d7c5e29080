// SPDX-License-Identifier: Apache-2.0
// The way of a message or a filter past those who may change it.

import Core
import Isolation
import MQTT

/// The way of a message or a filter past those who may change it, each seeing the changes of those before.
struct EventChain: Sendable {
    /// What a callback has made of what it was shown.
    enum Change: Sendable {
        /// Nothing.
        case none
        /// Another message.
        case message(Message, qos: UInt8, isRetained: Bool)
        /// A filter, or options, that are others.
        case filter([UInt8], options: UInt8)
        /// Something that cannot be; it has been logged.
        case invalid
    }

    let event: PluginEvent
    /// Who is still to be asked.
    private(set) var rest: ArraySlice<Callback>
    /// What is asked next.
    private(set) var question: PluginQuestion
    /// Whether anything was changed.
    private(set) var isChanged = false

    init(_ event: PluginEvent, _ chain: CallbackChain, _ question: PluginQuestion) {
        self.event = event
        rest = chain.all[...]
        self.question = question
    }

    /// Who is asked next.
    var next: Callback? { rest.first }

    /// The one that was next has let it pass, changed in this way.
    mutating func pass(_ change: Change) {
        rest = rest.dropFirst()
        switch (change, question) {
        case (.message(let message, let qos, let isRetained), .message(let client, _, _, _, _)):
            question = .message(client, event, message, qos: qos, isRetained: isRetained)
            isChanged = true
        case (.filter(let filter, let options), .subscription(let client, _, let asked)):
            let changed = FilterQuestion(
                filter: filter,
                options: options,
                identifier: asked.identifier,
                properties: asked.properties
            )
            question = .subscription(client, event, changed)
            isChanged = true
        default: break
        }
    }
}
