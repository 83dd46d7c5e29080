// SPDX-License-Identifier: Apache-2.0
// What happens to sessions and messages becomes events of the plugin interface.

import CMosquitto
import Core
import Inflight

/// Tells persistence plugins what happens, in the original's order: a message before the first that refers to it, and
/// its end after the last.
///
/// Belongs to one thread at a time; see `PersistenceLine`.
final class PersistenceTeller {
    private let broker: Broker
    private let watch: Stopwatch
    /// With one reactor everything comes in the order in which it happened.
    private let isOrdered: Bool
    var references = ReferenceTable()
    /// The callbacks of each event; for the time of `tell`.
    private(set) var chains: [[Callback]] = []
    /// Calls of each event since the last look at the clock.
    private var calls = [Int](repeating: 0, count: PluginEvent.numberMax + 1)
    let text = EventText()
    /// Kept: making one takes longer than filling it.
    var delivery = mosquitto_evt_persist_client_msg()

    init(_ broker: Broker, _ watch: Stopwatch) {
        self.broker = broker
        self.watch = watch
        isOrdered = broker.workers.count == 1
    }

    /// Tells changes in their order.
    func tell(_ changes: [StateChange], _ snapshot: CallbackSnapshot) {
        tellAll(snapshot) { for change in changes { tell(change) } }
    }

    /// Has `body` call the callbacks of a snapshot.
    func tellAll(_ snapshot: CallbackSnapshot, _ body: () -> Void) {
        chains = snapshot.persistence
        let start = MonotonicTime.nanoseconds()
        body()
        noteCalls(MonotonicTime.nanoseconds() - start)
    }

    private func tell(_ change: StateChange) {
        switch change {
        case .deliveryAdded(let client, let message, let kept):
            refer(to: message, kept.sourceIdentifier)
            tell(.persistClientMsgAdd, client, kept)
        case .deliveryUpdated(let client, let kept): tell(.persistClientMsgUpdate, client, kept)
        case .deliveryDeleted(let client, let kept):
            tell(.persistClientMsgDelete, client, kept)
            release(kept.message)
        case .retained(let message, let previous, let source):
            retain(message, source, insteadOf: previous)
        case .retainedCleared(let message): clear(message)
        case .clientAdded(let client): tell(.persistClientAdd, client)
        case .clientUpdated(let client): tell(.persistClientUpdate, client)
        case .clientDeleted(let client, let numbers):
            tellDeleted(client)
            for number in numbers { release(number) }
        case .willSet(let client, let will): tell(client, will)
        case .willDeleted(let client): tellWillDeleted(client)
        case .subscribed(let client, let filter, let options, let identifier):
            tell(.persistSubscriptionAdd, client, filter, options, identifier)
        case .unsubscribed(let client, let filter):
            tell(.persistSubscriptionDelete, client, filter, 0, 0)
        }
    }

    // MARK: References

    private func refer(to message: Message, _ sourceIdentifier: UInt16) {
        if references.add(message.number) == .first { tellAdded(message, sourceIdentifier) }
    }

    private func release(_ number: MessageNumber) {
        if references.release(number) { tellBaseDeleted(number) }
    }

    /// Another reactor may have put another message in its place, and have said so first.
    private func retain(
        _ message: Message,
        _ sourceIdentifier: UInt16,
        insteadOf previous: MessageNumber
    ) {
        switch references.add(message.number, isRetained: true) {
        case .superseded: break
        case .first:
            tellAdded(message, sourceIdentifier)
            tellRetained(message)
        case .further: tellRetained(message)
        }
        if references.release(previous, isRetained: true) { tellBaseDeleted(previous) }
    }

    private func clear(_ message: Message) {
        let isReplaced =
            !isOrdered
            && message.withPublication { publication in
                broker.retainedNumber(publication.topic).map(references.isRetained) ?? false
            }
        if !isReplaced { tellCleared(message) }
        if references.release(message.number, isRetained: true) { tellBaseDeleted(message.number) }
    }

    // MARK: Calls

    /// Calls whoever has registered for an event; `number` is what the callbacks are told.
    @inline(__always)
    func call<Data>(_ event: PluginEvent, as number: PluginEvent? = nil, _ data: inout Data) {
        let index = Int(event.rawValue)
        guard !chains[index].isEmpty else { return }
        calls[index] += 1
        for callback in chains[index] { callback.tell(&data, as: number ?? event) }
    }

    /// Whether anybody has registered for an event.
    func isWanted(_ event: PluginEvent) -> Bool { !chains[Int(event.rawValue)].isEmpty }

    /// Notes how long the calls have taken, together: to look at the clock for each would take longer than
    /// some of them.
    private func noteCalls(_ duration: Int64) {
        let count = calls.reduce(0, +)
        guard count > 0 else { return }
        for index in calls.indices where calls[index] > 0 {
            let mean = duration / Int64(count)
            for callback in chains[index] { callback.note(calls: calls[index], mean: mean, watch) }
            calls[index] = 0
        }
    }
}
