// SPDX-License-Identifier: Apache-2.0
// Messages that a client has subscribed to, as an asynchronous sequence.

/// The messages of one or several topic filters.
///
/// It waits for whoever reads it: when so much has come as `MQTTQueueLimits` say and nobody takes it, nothing
/// more is read from the server. Each message is handed out once, to one of the tasks that read it. It goes on over
/// lost connections, ends with `disconnect`, and throws when the client gives up. When the last copy of it
/// is gone, the client leaves its filters.
public struct MQTTSubscription: AsyncSequence, Sendable {
    /// What it is made of.
    public typealias Element = MQTTMessage

    let handle: SubscriptionHandle
    /// What the server has granted for each filter, in their order.
    public let granted: [MQTTReasonCode]

    /// Begins to read.
    public func makeAsyncIterator() -> Iterator { Iterator(handle: handle) }

    /// Reads messages, one after the other.
    public struct Iterator: AsyncIteratorProtocol {
        let handle: SubscriptionHandle
        private var batch: [MQTTMessage] = []
        private var next = 0

        init(handle: SubscriptionHandle) { self.handle = handle }

        /// The next message; nil at the end.
        public nonisolated(nonsending) mutating func next() async throws -> MQTTMessage? {
            while next == batch.count {
                guard let more = try await nextBatch() else { return nil }
                batch = more
                next = 0
            }
            defer { next += 1 }
            return batch[next]
        }

        /// The next message; nil at the end.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws -> MQTTMessage? {
            try await next()
        }

        /// All messages that have arrived and `next` has not returned, at least one; nil at the end.
        public nonisolated(nonsending) mutating func nextBatch() async throws -> [MQTTMessage]? {
            if next < batch.count {
                defer { next = batch.count }
                return Array(batch[next...])
            }
            return try await handle.inbox.take { handle.core.post(.resume) }
        }
    }
}
