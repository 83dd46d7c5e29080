// SPDX-License-Identifier: Apache-2.0
// A property whose meaning applications agree on.

/// A user property (5.0 section 3.1.2.11.8); names may be repeated, the order is kept.
public struct MQTTUserProperty: Sendable, Hashable {
    /// The name.
    public var name: String
    /// The value.
    public var value: String

    /// Puts them together.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}
