// SPDX-License-Identifier: Apache-2.0
// The three client tools.

/// One of the programs that are clients of a broker.
package enum ClientTool: String, CaseIterable, Sendable {
    /// Publishes messages.
    case pub = "mosquitto_pub"
    /// Prints messages.
    case sub = "mosquitto_sub"
    /// Publishes a request and prints the answer.
    case rr = "mosquitto_rr"

    /// A set of tools, such as those that know an option.
    package struct Group: OptionSet, Sendable {
        /// One bit for each tool.
        package let rawValue: UInt8

        /// Makes a set of its bits.
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// mosquitto_pub alone.
        static let pub = Group(rawValue: 1)
        /// mosquitto_sub alone.
        static let sub = Group(rawValue: 2)
        /// mosquitto_rr alone.
        static let rr = Group(rawValue: 4)
        /// Those that send messages of the user.
        static let senders: Group = [.pub, .rr]
        /// Those that print messages.
        static let printers: Group = [.sub, .rr]
        /// All of them.
        static let all: Group = [.pub, .sub, .rr]
    }

    /// The set that holds this tool alone.
    var group: Group {
        switch self {
        case .pub: .pub
        case .sub: .sub
        case .rr: .rr
        }
    }
}
