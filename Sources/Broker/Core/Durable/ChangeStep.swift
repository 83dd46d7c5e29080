// SPDX-License-Identifier: Apache-2.0
// One change of what persistence plugins keep, as plain data.

package import Inflight

/// One change: a step of a message, or the place of a `StateChange` among those.
///
/// Plain data, since there are several for each message: the `ChangeList` that it is in holds what is lent here.
package struct ChangeStep {
    /// What has happened.
    package enum Kind: UInt8, Sendable {
        /// A message is on its way to or from a client.
        case added
        /// The same, and it has been sent at once: `added` as something to be sent, then `updated`.
        case sent
        /// It has come further.
        case updated
        /// It is over.
        case deleted
        /// A message is retained, in the place of another perhaps.
        case retained
        /// A message is not retained any more, nor is another in its place.
        case cleared
        /// Some of those who get a message will be told of later: until `letGo` it is not over, though all others may be
        /// done with it.
        case held
        /// All have been told of.
        case letGo
        /// Something else: see `ChangeList.other`.
        case other
    }

    /// What has happened.
    package let kind: Kind
    /// Whose message it is; nil for what is retained, and for something else.
    package let client: Unmanaged<ClientIdentity>?
    /// The message of `added`, `sent`, `retained` and `cleared`.
    private let storage: Unmanaged<MessageStorage>?
    /// The way of the message; of a retained one number and source alone.
    package let delivery: KeptDelivery

    /// A step of a message to or from a client.
    init(
        _ kind: Kind,
        _ client: Unmanaged<ClientIdentity>,
        _ storage: Unmanaged<MessageStorage>? = nil,
        _ delivery: KeptDelivery
    ) {
        assert((kind == .added || kind == .sent) == (storage != nil), "a message is added whole")
        self.kind = kind
        self.client = client
        self.storage = storage
        self.delivery = delivery
    }

    /// A message is retained in the place of another (0: of none that was told of), or not any more.
    init(
        _ kind: Kind,
        _ storage: Unmanaged<MessageStorage>,
        _ number: MessageNumber,
        insteadOf previous: MessageNumber = 0,
        sourceIdentifier: UInt16 = 0
    ) {
        assert(kind == .retained || kind == .cleared, "nobody's message")
        self.kind = kind
        client = nil
        self.storage = storage
        delivery = KeptDelivery(
            message: number,
            entry: previous,
            identifier: 0,
            sourceIdentifier: sourceIdentifier,
            qos: 0,
            isRetained: true,
            isOutgoing: false,
            state: .invalid
        )
    }

    /// A message is held, or let go.
    init(_ kind: Kind, _ number: MessageNumber) {
        assert(kind == .held || kind == .letGo, "without a client")
        self.init(kind, message: number, entry: 0)
    }

    /// The place of something else.
    init(other index: Int) { self.init(.other, message: 0, entry: UInt64(index)) }

    private init(_ kind: Kind, message: MessageNumber, entry: UInt64) {
        self.kind = kind
        client = nil
        storage = nil
        delivery = KeptDelivery(
            message: message,
            entry: entry,
            identifier: 0,
            qos: 0,
            isRetained: false,
            isOutgoing: false,
            state: .invalid
        )
    }

    /// The message in whose place another is retained; 0: none that was told of.
    package var previousMessage: MessageNumber {
        assert(kind == .retained, "another message's place")
        return delivery.entry
    }

    /// Gives the message back that the list has kept.
    @inline(__always)
    func releaseMessage() { storage?.release() }

    /// Lends the message; its pointers are valid as long as the list has this step.
    package func withMessage(_ body: (borrowing UnsafePublication) -> Void) {
        guard let storage else { return }
        storage._withUnsafeGuaranteedRef { $0.withPublication(body) }
    }
}
