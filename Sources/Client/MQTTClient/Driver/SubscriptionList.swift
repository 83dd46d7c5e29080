// SPDX-License-Identifier: Apache-2.0
// What a client is subscribed to.

import MQTT

/// What a client is subscribed to, in the order in which it was.
struct SubscriptionList {
    private struct Entry {
        let filter: [UInt8]
        let options: SubscriptionOptions
        let properties: [UInt8]
    }

    /// Filters in one packet at most: some servers take few at once.
    private static let filtersMax = 100

    private var entries: [Entry] = []

    /// A subscription was made, or made anew.
    mutating func set(_ filter: [UInt8], _ options: SubscriptionOptions, _ properties: [UInt8]) {
        let entry = Entry(filter: filter, options: options, properties: properties)
        if let index = entries.firstIndex(where: { $0.filter == filter }) {
            entries[index] = entry
        } else {
            entries.append(entry)
        }
    }

    /// A subscription is over.
    mutating func remove(_ filter: [UInt8]) { entries.removeAll { $0.filter == filter } }

    /// The packets that make all subscriptions again.
    var packets: [([(filter: [UInt8], options: SubscriptionOptions)], properties: [UInt8])] {
        var result: [([(filter: [UInt8], options: SubscriptionOptions)], properties: [UInt8])] = []
        for entry in entries {
            if let last = result.indices.last, result[last].properties == entry.properties,
                result[last].0.count < Self.filtersMax
            {
                result[last].0.append((entry.filter, entry.options))
            } else {
                result.append(([(entry.filter, entry.options)], entry.properties))
            }
        }
        return result
    }
}
