// SPDX-License-Identifier: Apache-2.0
// The kinds of log lines and the set of them that is switched on.

/// A set of log types; a line has exactly one of them, a filter has any number.
///
/// The bit values are those of `MOSQ_LOG_*` in the plugin interface.
package struct LogTypes: OptionSet, Sendable, Hashable {
    /// The bits, as in `MOSQ_LOG_*`.
    package let rawValue: UInt32

    /// Takes the bits as they are.
    @inlinable
    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The type `information`.
    package static var information: LogTypes { LogTypes(rawValue: 1) }
    /// The type `notice`.
    package static var notice: LogTypes { LogTypes(rawValue: 2) }
    /// The type `warning`.
    package static var warning: LogTypes { LogTypes(rawValue: 4) }
    /// The type `error`.
    package static var error: LogTypes { LogTypes(rawValue: 8) }
    /// The type `debug`: one line per control packet.
    package static var debug: LogTypes { LogTypes(rawValue: 16) }
    /// The type `subscribe`: one line per granted subscription.
    package static var subscribe: LogTypes { LogTypes(rawValue: 32) }
    /// The type `unsubscribe`: one line per removed subscription.
    package static var unsubscribe: LogTypes { LogTypes(rawValue: 64) }
    /// The type `websockets`.
    package static var websockets: LogTypes { LogTypes(rawValue: 128) }
    /// The type `internal`.
    package static var `internal`: LogTypes { LogTypes(rawValue: 1 << 31) }
    /// Every bit, also those without a name.
    package static var all: LogTypes { LogTypes(rawValue: .max) }
    /// What is logged when the configuration does not say: error, warning, notice, information.
    package static var standard: LogTypes { [.error, .warning, .notice, .information] }

    /// The type an option word such as `notice` stands for; nil for `none` and unknown words.
    package init?(word: String) {
        guard let type = Self.words[word] else { return nil }
        self = type
    }

    /// The words for these types, in order.
    package var words: [String] {
        Self.words.filter { $0.key != "all" && isSuperset(of: $0.value) }.keys.sorted()
    }

    /// The words of the `log_type` option, in any order, `none` among them.
    package static var allWords: [String] { words.keys + ["none"] }

    /// The words of the `log_type` option.
    private static let words: [String: LogTypes] = [
        "information": .information, "notice": .notice, "warning": .warning, "error": .error,
        "debug": .debug, "subscribe": .subscribe, "unsubscribe": .unsubscribe,
        "websockets": .websockets, "internal": .internal, "all": .all,
    ]

    /// The topic lines of this type are published on with `log_dest topic`; nil for types that
    /// are never published (a published debug line would cause the next one).
    var topic: String? {
        switch self {
        case .information: "$SYS/broker/log/I"
        case .notice: "$SYS/broker/log/N"
        case .warning: "$SYS/broker/log/W"
        case .error: "$SYS/broker/log/E"
        case .subscribe: "$SYS/broker/log/M/subscribe"
        case .unsubscribe: "$SYS/broker/log/M/unsubscribe"
        default: nil
        }
    }
}
