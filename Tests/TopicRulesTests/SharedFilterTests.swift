// SPDX-License-Identifier: Apache-2.0
// Filters of shared subscriptions, taken apart and put together.

import Testing
import TopicRules

@Suite("Filters of shared subscriptions")
struct SharedFilterTests {
    @Test(
        "[MQTT-4.8.2-1] [MQTT-4.8.2-2] Shared subscription filters",
        arguments: [
            ("$share/p/a/b", "p", "a/b"), ("$share/name/#", "name", "#"),
            ("$share/n//", "n", "/"), ("$share/share/#", "share", "#"),
        ]
    )
    func shared(text: String, name: String, filter: String) {
        let bytes = [UInt8](text.utf8)
        guard case .shared(let parts) = SharedFilter.parse(bytes) else {
            Issue.record("not shared")
            return
        }
        #expect(bytes[parts.shareName].elementsEqual(name.utf8))
        #expect(SharedFilter.shareNameRange(count: name.utf8.count) == parts.shareName)
        #expect(SharedFilter.text(shareName: name.utf8, filter: filter.utf8) == bytes)
        #expect(bytes[parts.filter].elementsEqual(filter.utf8))
    }

    @Test(
        "Incomplete shared subscription filters are invalid",
        arguments: ["$share/", "$share/p", "$share/p/", "$share//a", "$share/+/a", "$share/p+/a"]
    )
    func invalidShared(text: String) {
        #expect(SharedFilter.parse([UInt8](text.utf8)) == .invalid)
    }

    @Test(
        "Other filters are ordinary",
        arguments: ["$share", "$shared/a/b", "$SHARE/a/b", "a", "/$share/a/b", "$shar/"]
    )
    func ordinary(text: String) {
        #expect(SharedFilter.parse([UInt8](text.utf8)) == .ordinary)
    }
}
