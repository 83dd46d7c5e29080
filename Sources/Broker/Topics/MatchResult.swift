// SPDX-License-Identifier: Apache-2.0
// What a look-up in the subscription index has found.

/// The destinations of one topic; kept and used again to save its memory.
package struct MatchResult: Sendable {
    /// Ordinary subscriptions in the order of delivery; a session appears once per filter.
    package var destinations: [Destination] = []

    /// Groups of which one member each gets the message; delivered to after `destinations`.
    package var sharedGroups: [SharedGroup] = []

    /// The generation of the index this is the result of.
    package var generation: UInt64 = 0

    /// An empty result.
    package init() {}

    /// Nobody wants the message.
    package var isEmpty: Bool { destinations.isEmpty && sharedGroups.isEmpty }

    /// Forgets the result and, if asked to, keeps its memory for the next one.
    package mutating func removeAll(keepingCapacity: Bool = true) {
        // Emptying an empty array costs more than asking.
        if !destinations.isEmpty { destinations.removeAll(keepingCapacity: keepingCapacity) }
        if !sharedGroups.isEmpty { sharedGroups.removeAll(keepingCapacity: keepingCapacity) }
    }
}
