// SPDX-License-Identifier: Apache-2.0
// One subscription as its session remembers it.

import Inflight
import TopicRules
import Topics

/// A filter a session has subscribed to, and how; 16 bytes and the filter itself.
struct SessionSubscription: Equatable {
    /// The whole filter with mount point, `$share/name/` in front of shared ones.
    let text: [UInt8]
    /// Bytes of the share name; 0 for an ordinary subscription.
    private let shareNameCount: UInt16
    var options: Topics.SubscriptionOptions
    /// The Subscription Identifier, 0 for none.
    var identifier: UInt32

    /// Takes a whole filter.
    init(text: [UInt8], options: Topics.SubscriptionOptions, identifier: UInt32) {
        self.text = text
        self.options = options
        self.identifier = identifier
        if case .shared(let parts) = SharedFilter.parse(text) {
            shareNameCount = UInt16(clamping: parts.shareName.count)
            assert(parts.shareName.count == Int(shareNameCount), "a filter is at most 65,535 bytes")
        } else {
            shareNameCount = 0
        }
    }

    /// Takes a filter and its share name apart from each other.
    init(
        filter: [UInt8],
        shareName: [UInt8]?,
        options: Topics.SubscriptionOptions,
        identifier: UInt32
    ) {
        let text = shareName.map { SharedFilter.text(shareName: $0, filter: filter) } ?? filter
        self.init(text: text, options: options, identifier: identifier)
    }

    /// Takes plain values.
    init(_ image: SubscriptionImage) {
        self.init(
            filter: image.filter,
            shareName: image.shareName,
            options: Topics.SubscriptionOptions(rawValue: image.options),
            identifier: image.identifier
        )
    }

    /// As plain values.
    var image: SubscriptionImage {
        SubscriptionImage(
            filter: filter,
            shareName: isShared ? Array(text[shareNameRange]) : nil,
            options: options.rawValue,
            identifier: identifier
        )
    }

    /// Whether each message goes to one member of a group.
    var isShared: Bool { shareNameCount > 0 }

    /// The share name; nil for an ordinary subscription.
    var shareName: ArraySlice<UInt8>? { isShared ? text[shareNameRange] : nil }

    private var shareNameRange: Range<Int> {
        SharedFilter.shareNameRange(count: Int(shareNameCount))
    }

    private var filterRange: Range<Int> {
        isShared ? (shareNameRange.upperBound + 1)..<text.count : 0..<text.count
    }

    /// The filter with mount point, without share name.
    var filter: [UInt8] { isShared ? Array(text[filterRange]) : text }

    // MARK: In the index

    /// Enters the subscription of a session under a slot; returns what it was before, if anything.
    func enter(_ index: SubscriptionIndex, _ session: SessionHandle, slot: UInt32) -> Destination? {
        let destination = Destination(
            session: session,
            subscriptionIdentifier: identifier,
            options: options,
            slot: slot
        )
        let bytes = text.span.bytes
        guard isShared else { return index.subscribe(filter: bytes, destination: destination) }
        return index.subscribe(
            filter: bytes.extracting(filterRange),
            shareName: bytes.extracting(shareNameRange),
            destination: destination
        )
    }

    /// Removes the subscription of a session; returns what it was, if anything.
    func leave(_ index: SubscriptionIndex, _ session: SessionHandle) -> Destination? {
        let bytes = text.span.bytes
        guard isShared else { return index.unsubscribe(filter: bytes, session: session) }
        return index.unsubscribe(
            filter: bytes.extracting(filterRange),
            shareName: bytes.extracting(shareNameRange),
            session: session
        )
    }

    /// Whether a session has this subscription, with whatever options.
    func isIn(_ index: SubscriptionIndex, _ session: SessionHandle) -> Bool {
        let bytes = text.span.bytes
        guard isShared else { return index.contains(filter: bytes, session: session) }
        return index.contains(
            filter: bytes.extracting(filterRange),
            shareName: bytes.extracting(shareNameRange),
            session: session
        )
    }
}
