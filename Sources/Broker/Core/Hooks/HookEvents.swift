// SPDX-License-Identifier: Apache-2.0
// What plugins want to be asked or told about.

/// What somebody wants to be asked or told about, and how.
package struct HookEvents: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Access checks: write, read, subscribe, unsubscribe.
    package static let access = HookEvents(rawValue: 1 << 0)
    /// User name and password at CONNECT.
    package static let basicAuthentication = HookEvents(rawValue: 1 << 1)
    /// Enhanced authentication.
    package static let extendedAuthentication = HookEvents(rawValue: 1 << 2)
    /// Messages from clients.
    package static let messageIn = HookEvents(rawValue: 1 << 3)
    /// Messages to clients.
    package static let messageOut = HookEvents(rawValue: 1 << 4)
    /// Subscriptions about to be made.
    package static let subscribe = HookEvents(rawValue: 1 << 5)
    /// Subscriptions about to end.
    package static let unsubscribe = HookEvents(rawValue: 1 << 6)
    /// Clients that have connected.
    package static let connect = HookEvents(rawValue: 1 << 7)
    /// Clients that have gone, for good or for a while.
    package static let disconnect = HookEvents(rawValue: 1 << 8)
    /// Clients that have proven who they are without a password.
    package static let confirmation = HookEvents(rawValue: 1 << 9)

    /// All access checks may run on a reactor: `checkAccess` answers at once.
    package static let accessIsDirect = HookEvents(rawValue: 1 << 16)
    /// Access depends on client and topic alone, not on payload, QoS or properties; so consecutive
    /// messages on one topic need one check.
    package static let accessIsByTopic = HookEvents(rawValue: 1 << 17)
}
