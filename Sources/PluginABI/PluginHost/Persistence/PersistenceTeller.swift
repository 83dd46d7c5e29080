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
    /// What each event touches; see there.
    let fields: UnsafeMutablePointer<TellerFields>
    let text = EventText()

    init(_ broker: Broker, _ watch: Stopwatch) {
        self.broker = broker
        self.watch = watch
        isOrdered = broker.workers.count == 1
        fields = .allocate(capacity: 1)
        fields.initialize(to: TellerFields())
    }

    deinit {
        fields.deinitialize(count: 1)
        fields.deallocate()
    }

    /// Tells changes in their order.
    func tell(_ changes: ChangeList, _ snapshot: CallbackSnapshot) {
        tellAll(snapshot) {
            for step in changes.steps { tell(step, of: changes) }
        }
    }

    /// Has `body` call the callbacks of a snapshot.
    func tellAll(_ snapshot: CallbackSnapshot, _ body: () -> Void) {
        fields.pointee.targets = snapshot.persistenceTargets
        fields.pointee.lastClient = nil
        let start = MonotonicTime.nanoseconds()
        body()
        fields.pointee.targets = nil
        noteCalls(MonotonicTime.nanoseconds() - start, snapshot)
    }

    private func tell(_ step: ChangeStep, of changes: ChangeList) {
        switch step.kind {
        case .added:
            refer(to: step)
            tell(.persistClientMsgAdd, step, step.delivery.state, step.delivery.isDuplicate)
        case .sent:
            refer(to: step)
            let state: KeptState = step.delivery.qos == 1 ? .publishQoS1 : .publishQoS2
            tell(.persistClientMsgAdd, step, state, false)
            tell(.persistClientMsgUpdate, step, step.delivery.state, true)
        case .updated:
            tell(.persistClientMsgUpdate, step, step.delivery.state, step.delivery.isDuplicate)
        case .deleted:
            tell(.persistClientMsgDelete, step, step.delivery.state, step.delivery.isDuplicate)
            release(step.delivery.message)
        case .retained: retain(step)
        case .cleared: clear(step)
        case .held: fields.pointee.references.hold(step.delivery.message)
        case .letGo: release(step.delivery.message)
        case .other: tell(changes.other(step))
        }
    }

    private func tell(_ change: StateChange) {
        switch change {
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

    private func refer(to step: borrowing ChangeStep) {
        if fields.pointee.references.add(step.delivery.message) == .first { tellMessage(step) }
    }

    private func release(_ number: MessageNumber) {
        if fields.pointee.references.release(number) { tellBaseDeleted(number) }
    }

    /// Another reactor may have put another message in its place, and have said so first.
    private func retain(_ step: ChangeStep) {
        switch fields.pointee.references.add(step.delivery.message, isRetained: true) {
        case .superseded: break
        case .first:
            tellMessage(step)
            tellRetained(step)
        case .further: tellRetained(step)
        }
        let previous = step.previousMessage
        if fields.pointee.references.release(previous, isRetained: true) {
            tellBaseDeleted(previous)
        }
    }

    private func clear(_ step: ChangeStep) {
        if isOrdered || !isReplaced(step) { tellCleared(step) }
        let number = step.delivery.message
        if fields.pointee.references.release(number, isRetained: true) { tellBaseDeleted(number) }
    }

    /// Whether plugins know already that another message is retained in its place.
    private func isReplaced(_ step: ChangeStep) -> Bool {
        var isReplaced = false
        step.withMessage { publication in
            guard let number = broker.retainedNumber(publication.topic) else { return }
            isReplaced = fields.pointee.references.isRetained(number)
        }
        return isReplaced
    }

    // MARK: Calls

    /// Calls whoever has registered for an event; `number` is what the callbacks are told.
    @inline(__always)
    func call(
        _ event: PluginEvent,
        as number: PluginEvent? = nil,
        _ data: UnsafeMutableRawPointer
    ) {
        fields.pointee.calls[Int(event.rawValue)] &+= 1
        fields.pointee.targets?.call(event, as: number ?? event, data)
    }

    /// Whether anybody has registered for an event.
    @inline(__always)
    func isWanted(_ event: PluginEvent) -> Bool {
        fields.pointee.targets.map { !$0.isEmpty(event) } ?? false
    }

    /// Notes how long the calls have taken, together: to look at the clock for each would take longer than
    /// some of them.
    private func noteCalls(_ duration: Int64, _ snapshot: CallbackSnapshot) {
        let calls = fields.pointee.calls
        var count = 0
        for index in 0...PluginEvent.numberMax { count += calls[index] }
        guard count > 0 else { return }
        let mean = duration / Int64(count)
        for index in 0...PluginEvent.numberMax where calls[index] > 0 {
            for callback in snapshot.persistence[index] {
                callback.note(calls: calls[index], mean: mean, watch)
            }
            calls[index] = 0
        }
    }
}
