// SPDX-License-Identifier: Apache-2.0
// Why somebody was refused something, for the log.

/// Why a client was refused something, for the log: no client is told.
package struct Denial: Sendable, Equatable {
    /// The plugin that has refused; nil where the broker itself has.
    package let plugin: String?
    /// Why, in a few words without a full stop; nil where a plugin does not say.
    package let reason: String?
    /// What the plugin has returned, a `MOSQ_ERR_*`.
    package let code: Int32

    /// The reason of a plugin that could not be asked.
    package static let absence = "the plugin is not available"

    /// Whether the plugin could not be asked.
    var isForAbsence: Bool { reason == Self.absence }

    /// A plugin has refused.
    package init(plugin: String, reason: String?, code: Int32) {
        self.plugin = plugin
        self.reason = reason
        self.code = code
    }

    /// The broker has refused.
    init(_ reason: String) {
        plugin = nil
        self.reason = reason
        code = 0
    }

    /// Somebody without a user name, and nobody vouches for those.
    static let anonymous = Denial("no user name, and allow_anonymous is false")

    /// Somebody whose user name nobody knows.
    static let stranger = Denial("nobody knows the user, and allow_anonymous is false")

    /// Why, in a few words, without the plugin.
    var words: String { reason ?? "refused with code \(code)" }

    /// What a log line says behind its first sentence.
    var sentence: String {
        guard let plugin else { return "Reason: \(words)." }
        return "Reason: \(words) (plugin \(plugin))."
    }
}
