// SPDX-License-Identifier: Apache-2.0
// Who takes what is read from a file.

package import Inflight

/// Takes what a `DatabaseReader` finds, in the order of the file.
///
/// Messages come before what refers to them, if a broker wrote the file. A delivery or subscription
/// of a client that was not named makes a session that never ends; a reference to a message that
/// was not there is passed over.
package protocol DatabaseReceiver {
    /// A file with this version begins.
    mutating func begin(version: UInt32)

    /// A known chunk that is whole comes next.
    mutating func willReceive(_ chunk: DatabaseChunk)

    /// How the file was written; the first record of all.
    mutating func receive(_ configuration: DatabaseConfiguration)

    /// A message.
    ///
    /// The bytes are valid during the call only; `topic` is a topic name, `properties` are those of
    /// a PUBLISH that go to every subscriber, without the length in front.
    mutating func receive(
        _ message: DatabaseMessage,
        topic: RawSpan,
        properties: RawSpan,
        payload: RawSpan
    )

    /// A session, with an identifier that is one.
    mutating func receive(_ client: DatabaseClient)

    /// A message on its way, in the session's order.
    mutating func receive(_ delivery: DatabaseDelivery)

    /// A subscription, with a filter that may be.
    mutating func receive(_ subscription: DatabaseSubscription)

    /// The message with this number is retained under its topic.
    mutating func receive(retained number: MessageNumber)

    /// Something was passed over, which is to be logged as a warning.
    mutating func receive(_ notice: DatabaseNotice)
}

extension DatabaseReceiver {
    package mutating func begin(version: UInt32) {}
    package mutating func willReceive(_ chunk: DatabaseChunk) {}
}
