// SPDX-License-Identifier: Apache-2.0
// What is certain about a subscription that is made and ended amid the ends of brokers.

/// A subscription that is made and ended again and again, and what is certain about it.
struct KillSubscription {
    let publisher: KillPublisher
    private(set) var required: [Range<Int>] = []
    private(set) var forbidden: [Range<Int>] = []
    /// The identifier of the request under way, and whether it subscribes.
    private var asking: (id: Int, subscribes: Bool)?
    private var isSubscribed = false
    /// The first number that was published after the last answer.
    private var first = 0
    /// Whether the request under way has to be made again, as its connection is over.
    private(set) var mustAsk = false

    init(_ publisher: KillPublisher) { self.publisher = publisher }

    var isAsking: Bool { asking != nil }

    /// Begins a request, or repeats it on another connection; returns whether it subscribes.
    mutating func ask(_ id: Int) -> Bool {
        mustAsk = false
        if let asking {
            self.asking = (id, asking.subscribes)
            return asking.subscribes
        }
        close()
        asking = (id, !isSubscribed)
        return !isSubscribed
    }

    /// The connection is another one.
    mutating func resume() { mustAsk = asking != nil }

    /// An answer has come.
    mutating func acknowledge(_ id: Int) {
        guard let asking, asking.id == id else { return }
        isSubscribed = asking.subscribes
        self.asking = nil
        first = publisher.count
    }

    /// What was certain until now; nothing while a request is under way.
    private mutating func close() {
        // What is unfinished may be taken in before or after the request that follows.
        let end = publisher.finishedCount
        guard first < end else { return }
        if isSubscribed { required.append(first..<end) } else { forbidden.append(first..<end) }
    }

    /// What is certain in all.
    var certain: (required: [Range<Int>], forbidden: [Range<Int>]) {
        var copy = self
        if asking == nil { copy.close() }
        return (copy.required, copy.forbidden)
    }
}

extension KillHistory.Receiver {
    /// What a subscription requires and forbids.
    mutating func add(_ subscription: KillSubscription) {
        let certain = subscription.certain
        required[subscription.publisher.name] = certain.required
        forbidden[subscription.publisher.name] = certain.forbidden
    }
}
