// SPDX-License-Identifier: Apache-2.0
// A rule of an access control file, and what a file can have wrong.

import PluginSDK

/// What is wrong with an access control file, in the words of the log.
package struct ACLFileError: Error, Equatable {
    package let message: String
}

/// What a rule says about a topic.
package struct ACLRights: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let read = ACLRights(rawValue: 1)
    package static let write = ACLRights(rawValue: 2)
    package static let deny = ACLRights(rawValue: 4)
    package static let readWrite: ACLRights = [.read, .write]

    /// The access words of the file.
    static let words: [String: ACLRights] = [
        "read": .read, "write": .write, "readwrite": .readWrite, "deny": .deny,
    ]
}

/// One `topic` or `pattern` line.
package struct ACLRule: Sendable, Equatable {
    /// Whom a rule is for.
    package enum Subject: Sendable, Hashable {
        case anonymous
        case user([UInt8])
        case everyone
    }

    package let subject: Subject
    package let rights: ACLRights
    /// A topic filter; for everyone, with `%c` and `%u` in place of levels.
    package let filter: [UInt8]

    /// Whether a pattern mentions the user name anywhere, so that it is not for anonymous clients.
    var mentionsUsername: Bool { subject == .everyone && filter.contains("%u") }
}

extension [UInt8] {
    /// Whether these two bytes follow each other somewhere.
    func contains(_ pair: StaticString) -> Bool {
        pair.withUTF8Buffer { pair in
            indices.dropLast().contains { self[$0] == pair[0] && self[$0 + 1] == pair[1] }
        }
    }
}
