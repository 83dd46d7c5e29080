// SPDX-License-Identifier: Apache-2.0
// What holds when no rule matches.

/// What holds when no rule matches.
package struct DefaultAccess: Sendable, Equatable {
    /// Whether clients may publish.
    package var publishClientSend = false
    /// Whether clients may receive.
    package var publishClientReceive = false
    /// Whether clients may subscribe.
    package var subscribe = false
    /// Whether clients may unsubscribe.
    package var unsubscribe = false
    /// Members of the saved object that this version does not know.
    package var extra: [ExtraMember] = []

    /// Everything denied.
    package init() {}

    /// One of the four switches, in the order in which they are listed.
    package enum Switch: CaseIterable, Sendable {
        case publishClientSend
        case publishClientReceive
        case subscribe
        case unsubscribe

        /// The name in requests, answers and the state file.
        package var name: StaticString {
            switch self {
            case .publishClientSend: "publishClientSend"
            case .publishClientReceive: "publishClientReceive"
            case .subscribe: "subscribe"
            case .unsubscribe: "unsubscribe"
            }
        }
    }

    /// The value of one switch.
    package subscript(_ which: Switch) -> Bool {
        get {
            switch which {
            case .publishClientSend: publishClientSend
            case .publishClientReceive: publishClientReceive
            case .subscribe: subscribe
            case .unsubscribe: unsubscribe
            }
        }
        set {
            switch which {
            case .publishClientSend: publishClientSend = newValue
            case .publishClientReceive: publishClientReceive = newValue
            case .subscribe: subscribe = newValue
            case .unsubscribe: unsubscribe = newValue
            }
        }
    }
}
