// SPDX-License-Identifier: Apache-2.0
// Publications for so many sessions that delivering them takes several turns.

import MQTT
import Persist
import Topics

/// Batches whose destinations are served in slices of the worker's turns, one batch after another.
///
/// Order is kept: a client whose publication waits here is not read from until all have it, and
/// whatever has nobody to wait for it - mail of other workers, wills, what plugins publish - goes
/// behind what is here already.
///
/// ```
/// items:  | being delivered | waiting … |
/// parts:  | done … | part: destinations done … | destination … | groups … |
/// ```
/// Invariant: a part is loaded from its first step to its last.
final class FanOutQueue {
    /// Work that is done at once, in a millisecond or so.
    var atOnceMax = 4096
    /// Work between two looks at the clock.
    var stepMax = 256

    private enum Item {
        case spread(Spread)
        /// What must not overtake the items before it.
        case follower(() -> Void)
    }

    private struct Spread {
        let deliveries: DeliveryBatch
        /// Groups of which one session gets each message.
        let groups: [SharedGroup]
        /// See `Recorder.standIns`.
        let standIns: [SessionNumber]
        /// The client that is not read from meanwhile.
        let peer: SessionPeer?
        /// Whether it came from another worker, which wants to know when it is done.
        let isMailed: Bool
        /// Bytes of it for which plugins that publish have to wait; 0 where somebody else does.
        let unparkedByteCount: Int
    }

    /// So many items that are done with are not worth moving the others.
    private static let doneMax = 32

    private var items: [Item] = []
    /// The first item that is not done with.
    private var first = 0
    /// The publications of the part that is being delivered; made with the first that waits.
    private var loadedBatch: PublishBatch?
    private var isLoaded = false
    /// Place of the part in its item, of the next destination and of the next turn of a group.
    private var part = 0
    private var destination = 0
    private var turn = 0
    /// Sessions that have had the part, and sessions that have had a message of it as members of a
    /// group, where a client gets each message but once.
    private var served = SlotSet()
    private var dealt = SlotSet()

    /// Whether nothing waits.
    private(set) var isEmpty = true
    /// How many batches have been taken, and how many of them delivered.
    private(set) var addedCount = 0
    private(set) var doneCount = 0

    /// Takes a batch of this worker for the local destinations and the groups of a route.
    ///
    /// Whoever publishes it is not read from until it is delivered.
    func add(_ batch: PublishBatch, _ route: UnsafeRoute, on worker: Worker) {
        let deliveries = worker.broker.batches.take()
        deliveries.append(batch, entries: 0..<batch.count, to: route.local)
        let peer = batch.sender?.takeUnretainedValue() ?? batch.decidedPeer
        peer?.beginSpread()
        let unparked = peer == nil ? deliveries.byteCount : 0
        worker.broker.pluginBacklog.add(unparked)
        append(
            Spread(
                deliveries: deliveries,
                groups: route.groups,
                standIns: worker.recorder?.standIns ?? [],
                peer: peer,
                isMailed: false,
                unparkedByteCount: unparked
            ),
            worker
        )
    }

    /// Takes what another worker has sent.
    func add(_ deliveries: DeliveryBatch, on worker: Worker) {
        append(
            Spread(
                deliveries: deliveries,
                groups: [],
                standIns: [],
                peer: nil,
                isMailed: true,
                unparkedByteCount: 0
            ),
            worker
        )
    }

    /// Runs `body` when everything is delivered that is here by now: at once if nothing is.
    func follow(on worker: Worker, _ body: @escaping () -> Void) {
        if isEmpty { return body() }
        append(.follower(body), worker)
    }

    /// Delivers all there is, at the end of the worker.
    func drain(_ worker: Worker) {
        while !isEmpty { _ = step(worker) }
    }

    /// Breaks the cycles between worker and clients.
    func forgetAll() {
        items = []
        first = 0
        isEmpty = true
        loadedBatch = nil
    }

    private func append(_ spread: Spread, _ worker: Worker) { append(.spread(spread), worker) }

    private func append(_ item: Item, _ worker: Worker) {
        items.append(item)
        addedCount += 1
        guard isEmpty else { return }
        isEmpty = false
        worker.slices.add { [unowned worker] in worker.fanOuts.step(worker) }
    }

    // MARK: Steps

    /// Makes some deliveries; returns whether there are no more to make.
    private func step(_ worker: Worker) -> Bool {
        // The worker may have drained the queue meanwhile.
        guard !isEmpty else { return true }
        let item: Spread
        switch items[first] {
        case .follower(let body):
            body()
            finishItem()
            return isEmpty
        case .spread(let spread): item = spread
        }
        let batch = loadedBatch ?? PublishBatch(isChecked: worker.hasHooks)
        loadedBatch = batch
        if !isLoaded { load(item, batch, worker) }
        if serveDestinations(item, batch, worker), serveGroups(item, batch, worker) {
            finishPart(item, batch, worker)
        }
        return isEmpty
    }

    private func load(_ item: Spread, _ batch: PublishBatch, _ worker: Worker) {
        let loaded = item.deliveries.parts[part]
        worker.load(loaded, of: item.deliveries, into: batch)
        batch.isForMany = loaded.destinations.count > Worker.manyMin
        destination = loaded.destinations.lowerBound
        turn = 0
        served.removeAll()
        isLoaded = true
    }

    /// Returns whether all destinations of the part have it.
    private func serveDestinations(
        _ item: Spread,
        _ batch: PublishBatch,
        _ worker: Worker
    ) -> Bool {
        let end = item.deliveries.parts[part].destinations.upperBound
        var work = 0
        while destination < end, work < stepMax {
            let target = item.deliveries.destinations[destination]
            destination += 1
            work += batch.workPerDestination
            if isFirst(target, in: &served, worker) {
                worker.deliver(batch, entries: 0..<batch.count, repeatedlyTo: target)
            } else {
                worker.decline(batch, 0..<batch.count, target)
            }
        }
        return destination == end
    }

    /// Shared subscriptions: each message to the next session of each group.
    ///
    /// Returns whether all groups have had their turns.
    private func serveGroups(_ item: Spread, _ batch: PublishBatch, _ worker: Worker) -> Bool {
        let end = batch.count * item.groups.count
        let stop = min(end, turn + stepMax)
        while turn < stop {
            let (index, group) = turn.quotientAndRemainder(dividingBy: item.groups.count)
            if group == 0 { dealt.removeAll() }
            turn += 1
            let next = item.groups[group].next()
            if !item.standIns.isEmpty {
                worker.recorder?
                    .deal(batch, index, to: next, insteadOf: item.standIns[group])
            }
            guard let target = next else { continue }
            let entries = index..<(index + 1)
            if Int(target.session.reactor) != worker.index {
                worker.mail(batch, entries: entries, to: target)
            } else if !served.contains(target.session.slot), isFirst(target, in: &dealt, worker) {
                worker.deliver(batch, entries: entries, repeatedlyTo: target)
            } else {
                worker.decline(batch, entries, target)
            }
        }
        return turn == end
    }

    /// `allow_duplicate_messages false`: whether a 3.x client gets nothing yet.
    private func isFirst(_ target: Destination, in set: inout SlotSet, _ worker: Worker) -> Bool {
        guard !worker.limits.allowsDuplicates, let session = worker.sessions[target.session],
            session.identity.version != .v5
        else { return true }
        return set.insert(target.session.slot)
    }

    private func finishPart(_ item: Spread, _ batch: PublishBatch, _ worker: Worker) {
        worker.finish(batch)
        isLoaded = false
        part += 1
        guard part == item.deliveries.parts.count else { return }
        part = 0
        finishItem()
        worker.broker.pluginBacklog.remove(item.unparkedByteCount)
        if item.isMailed { worker.noteDelivered(byteCount: item.deliveries.byteCount) }
        worker.broker.batches.give(item.deliveries)
        item.peer?.endSpread()
    }

    private func finishItem() {
        first += 1
        doneCount += 1
        forgetDone()
    }

    /// Drops the items that are done with, now and then; with the last one all that was needed.
    private func forgetDone() {
        if first == items.count {
            items = []
            first = 0
            isEmpty = true
            loadedBatch = nil
        } else if first > Self.doneMax, 2 * first > items.count {
            items.removeFirst(first)
            first = 0
        }
    }

    /// How many items are kept, done with or not; for tests.
    var keptCount: Int { items.count }
}
