// SPDX-License-Identifier: Apache-2.0
// The rights at a node of the index, in one byte.

import PluginSDK

/// Rights, rights for clients with a user name only, and two marks, in one byte.
struct ACLNodeBits: Sendable {
    private var bits: UInt8 = 0
    private static let rightsMask: UInt8 = 0x07
    private static let firstMark: UInt8 = 0x08
    private static let secondMark: UInt8 = 0x80

    mutating func insert(_ rights: ACLRights, forNamedOnly: Bool) {
        bits |= rights.rawValue << (forNamedOnly ? 4 : 0)
    }

    func forClient(hasUsername: Bool) -> ACLRights {
        ACLRights(rawValue: (hasUsername ? bits | bits >> 4 : bits) & Self.rightsMask)
    }

    var hasFirstMark: Bool {
        get { bits & Self.firstMark != 0 }
        set { bits = newValue ? bits | Self.firstMark : bits & ~Self.firstMark }
    }

    var hasSecondMark: Bool {
        get { bits & Self.secondMark != 0 }
        set { bits = newValue ? bits | Self.secondMark : bits & ~Self.secondMark }
    }
}
