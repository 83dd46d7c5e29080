// SPDX-License-Identifier: Apache-2.0
// Topic aliases towards one receiver.

/// The aliases that were set on one connection: first come, first served, never replaced
/// (5.0 section 3.3.2.3.4).
package struct OutgoingAliases {
    private var aliases: [[UInt8]: UInt16] = [:]
    private let maximum: Int

    /// Sets at most `maximum` aliases.
    package init(maximum: Int) {
        assert(maximum >= 0 && maximum <= 65_535, "aliases are two bytes")
        self.maximum = maximum
    }

    /// The alias of a topic, and whether the receiver knows it already; nil when all are taken.
    /// [MQTT-3.3.2-8] [MQTT-3.3.2-11]
    package func alias(of topic: UnsafeRawBufferPointer) -> (alias: UInt16, isKnown: Bool)? {
        if maximum == 0 { return nil }
        if let alias = aliases[Array(topic)] { return (alias, true) }
        guard aliases.count < maximum else { return nil }
        return (UInt16(aliases.count + 1), false)
    }

    /// The packet that sets the next alias is on its way.
    package mutating func establish(_ topic: UnsafeRawBufferPointer) {
        aliases[Array(topic)] = UInt16(aliases.count + 1)
    }
}
