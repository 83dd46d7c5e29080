// SPDX-License-Identifier: Apache-2.0
// Whom a question is about and how it is answered.

/// Whom a question is about and how it is answered.
package struct QuestionHead: Equatable, Sendable {
    /// Its number, from 1, rising.
    package var serial: UInt64
    /// The ring in which it is answered.
    package var ring: UInt16
    /// The callback to be called, by the number the helper has given it.
    package var callback: UInt32
    /// The client it is about; 0 for none.
    package var client: UInt64
    /// How many subscriptions the client has.
    package var subscriptionCount: Int32

    package init(
        serial: UInt64,
        ring: UInt16,
        callback: UInt32,
        client: UInt64,
        subscriptionCount: Int32
    ) {
        self.serial = serial
        self.ring = ring
        self.callback = callback
        self.client = client
        self.subscriptionCount = subscriptionCount
    }

    init(_ record: inout RecordReader) throws(Nonsense) {
        serial = try record.integer()
        ring = try record.integer()
        callback = try record.integer()
        client = try record.integer()
        subscriptionCount = try record.integer()
    }
}
