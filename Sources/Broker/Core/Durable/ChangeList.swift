// SPDX-License-Identifier: Apache-2.0
// Changes on their way from a worker to persistence plugins.

import Inflight

/// What has happened on a worker, in its order.
///
/// Whoever has the list alone adds to it or goes through it: a worker until it hands the list over, then who
/// tells plugins. `@unchecked Sendable` for that reason. It holds the clients and messages that its steps name.
package final class ChangeList: @unchecked Sendable {
    /// Memory for so many steps is kept when the list is cleared.
    private static let keptCapacityMax = 4096

    /// The members; behind a pointer, since accesses to members of an object are checked while the broker runs.
    private struct Fields {
        var steps: UnsafeMutablePointer<ChangeStep>
        var count = 0
        var capacity: Int
        /// The client of the last step that has one.
        var lastClient: UnsafeMutableRawPointer?
        /// All of them, once for each row of steps: never more than there are steps.
        var clients: UnsafeMutablePointer<Unmanaged<ClientIdentity>>
        var clientCount = 0
        var others: [StateChange] = []
    }

    private let fields: UnsafeMutablePointer<Fields>

    package init() {
        let capacity = 64
        fields = .allocate(capacity: 1)
        fields.initialize(
            to: Fields(
                steps: .allocate(capacity: capacity),
                capacity: capacity,
                clients: .allocate(capacity: capacity)
            )
        )
    }

    deinit {
        release()
        fields.pointee.steps.deallocate()
        fields.pointee.clients.deallocate()
        fields.deinitialize(count: 1)
        fields.deallocate()
    }

    /// How many steps there are.
    package var count: Int { fields.pointee.count }

    /// Whether there are none.
    package var isEmpty: Bool { fields.pointee.count == 0 }

    /// The steps, valid until the list is changed.
    package var steps: UnsafeBufferPointer<ChangeStep> {
        UnsafeBufferPointer(start: fields.pointee.steps, count: fields.pointee.count)
    }

    /// What a step of the kind `other` stands for.
    package func other(_ step: ChangeStep) -> StateChange {
        assert(step.kind == .other, "a message's step is all there is of it")
        return fields.pointee.others[Int(step.delivery.entry)]
    }

    // MARK: Adding

    /// Something has happened that is no message's.
    func append(_ change: StateChange) {
        let index = fields.pointee.others.count
        fields.pointee.others.append(change)
        makeRoom()
        append(ChangeStep(other: index))
    }

    /// A message is on its way, or has been sent at once.
    @inline(__always)
    func append(
        _ kind: ChangeStep.Kind,
        _ client: Unmanaged<ClientIdentity>,
        _ message: Unmanaged<MessageStorage>,
        _ delivery: KeptDelivery
    ) {
        hold(client)
        append(ChangeStep(kind, client, message.retain(), delivery))
    }

    /// It has come further, or is over.
    @inline(__always)
    func append(
        _ kind: ChangeStep.Kind,
        _ client: Unmanaged<ClientIdentity>,
        _ delivery: KeptDelivery
    ) {
        hold(client)
        append(ChangeStep(kind, client, nil, delivery))
    }

    /// A message is retained, in the place of another perhaps.
    func appendRetained(
        _ message: Message,
        insteadOf previous: MessageNumber,
        sourceIdentifier: UInt16
    ) {
        makeRoom()
        append(
            ChangeStep(
                .retained,
                .passRetained(message.storage),
                message.number,
                insteadOf: previous,
                sourceIdentifier: sourceIdentifier
            )
        )
    }

    /// A message is held until all who get it have been told of, or let go.
    func append(_ kind: ChangeStep.Kind, _ number: MessageNumber) {
        makeRoom()
        append(ChangeStep(kind, number))
    }

    /// A message is not retained any more.
    func appendCleared(_ message: Message) {
        makeRoom()
        append(ChangeStep(.cleared, .passRetained(message.storage), message.number))
    }

    @inline(__always)
    private func append(_ step: ChangeStep) {
        let count = fields.pointee.count
        assert(count < fields.pointee.capacity, "room was made")
        (fields.pointee.steps + count).initialize(to: step)
        fields.pointee.count = count + 1
    }

    /// Makes room for a step, and keeps its client: one reference for each row of steps.
    @inline(__always)
    private func hold(_ client: Unmanaged<ClientIdentity>) {
        makeRoom()
        guard client.toOpaque() != fields.pointee.lastClient else { return }
        fields.pointee.lastClient = client.toOpaque()
        let count = fields.pointee.clientCount
        (fields.pointee.clients + count).initialize(to: client.retain())
        fields.pointee.clientCount = count + 1
    }

    @inline(__always)
    private func makeRoom() {
        if fields.pointee.count == fields.pointee.capacity { grow() }
    }

    @inline(never)
    private func grow() { resize(to: 2 * fields.pointee.capacity) }

    private func resize(to capacity: Int) {
        assert(capacity >= fields.pointee.count, "no step is lost")
        let steps = UnsafeMutablePointer<ChangeStep>.allocate(capacity: capacity)
        steps.moveInitialize(from: fields.pointee.steps, count: fields.pointee.count)
        fields.pointee.steps.deallocate()
        fields.pointee.steps = steps
        let clients = UnsafeMutablePointer<Unmanaged<ClientIdentity>>.allocate(capacity: capacity)
        clients.moveInitialize(from: fields.pointee.clients, count: fields.pointee.clientCount)
        fields.pointee.clients.deallocate()
        fields.pointee.clients = clients
        fields.pointee.capacity = capacity
    }

    // MARK: Emptying

    /// Forgets all steps, and lets go what they name.
    func clear() {
        release()
        fields.pointee.count = 0
        fields.pointee.clientCount = 0
        fields.pointee.lastClient = nil
        let isLarge = fields.pointee.capacity > Self.keptCapacityMax
        if !fields.pointee.others.isEmpty {
            fields.pointee.others.removeAll(keepingCapacity: !isLarge)
        }
        if isLarge { resize(to: Self.keptCapacityMax) }
    }

    private func release() {
        assert(fields.pointee.clientCount <= fields.pointee.count, "a client has a step")
        for index in 0..<fields.pointee.count { fields.pointee.steps[index].releaseMessage() }
        for index in 0..<fields.pointee.clientCount { fields.pointee.clients[index].release() }
    }
}
