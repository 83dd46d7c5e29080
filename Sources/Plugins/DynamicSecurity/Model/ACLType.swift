// SPDX-License-Identifier: Apache-2.0
// What an access rule is about.

/// What an access rule is about, in the order in which rules are listed and saved.
package enum ACLType: UInt8, CaseIterable, Sendable {
    case publishClientSend
    case publishClientReceive
    case subscribeLiteral
    case subscribePattern
    case unsubscribeLiteral
    case unsubscribePattern

    /// The name in requests, answers and the state file.
    package var name: StaticString {
        switch self {
        case .publishClientSend: "publishClientSend"
        case .publishClientReceive: "publishClientReceive"
        case .subscribeLiteral: "subscribeLiteral"
        case .subscribePattern: "subscribePattern"
        case .unsubscribeLiteral: "unsubscribeLiteral"
        case .unsubscribePattern: "unsubscribePattern"
        }
    }

    /// The type with this name, compared without regard to case.
    package init?(named name: ByteString) {
        guard let type = ACLType.allCases.first(where: { name.isSpelled($0.name) }) else {
            return nil
        }
        self = type
    }
}
