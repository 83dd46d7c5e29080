// SPDX-License-Identifier: Apache-2.0
// What of a client survives its connection.

import Inflight
import MQTT
import Net
import Persist
import Synchronization
import Topics

/// Session state (5.0 section 4.1), living on the worker its client identifier hashes to.
///
/// It needs neither a connection nor a CONNECT: one that was restored, or a bridge's, is a session
/// like any other. It decides nothing about limits and writes nothing: `Outlet` sends, `Worker`
/// routes. Everything that changes it is a method of its own, which tells the listener.
/// [MQTT-4.1.0-1] [MQTT-4.8.2-4] [MQTT311-4.1.0-1] [MQTT311-4.1.0-2]
final class Session {
    // Members are in an order without gaps: there is one of these for every idle client.

    let worker: Worker
    let handle: SessionHandle
    private(set) var identity: ClientIdentity
    /// The connected client, or the remote of a bridge, if there is one.
    private(set) var peer: SessionPeer?
    /// Where its messages go out; nil while nobody takes any.
    private(set) var outlet: Outlet?

    private var boxedWill: Box<MQTT.Will>?
    /// The password of the last CONNECT, kept while plugins may ask for it again on reload.
    var password: [UInt8]?
    /// When it ends and when a delayed will is due.
    var deadlines = SessionDeadlines()

    var subscriptions = Subscriptions()
    /// Seconds to live without a connection; 0: ends with it; `UInt32.max`: never ends.
    private(set) var expiryInterval: UInt32
    /// Messages to the client.
    let outgoing = OutgoingMessages()
    /// QoS 2 messages from the client; nil before the first.
    private(set) var incoming: IncomingMessages?
    /// Retained messages that are still to be sent for new subscriptions.
    var retainedQueue: RetainedQueue?
    /// Deliveries that plugins have not decided about yet.
    var undecidedCount = 0
    /// Its number in the session log; 0 when it is not there.
    var logNumber: SessionNumber = 0

    private var lastFanOut: UInt64 = 0
    /// When its client left, in milliseconds of the reactor clock, negative before the machine's
    /// start; nil while it is there.
    private(set) var detachedAt: Int64?
    /// Second of the reactor clock when its client came.
    private(set) var attachedAt: Int64 = 0
    /// Whether the next slice of the retained messages comes in the next turn.
    var isRetainedPostponed = false
    /// Whether a client has been told that it is there.
    var isEstablished = false
    /// Whether the loss of messages was already logged for this connection.
    var hasLoggedDrop = false
    /// Messages it has lost, as far as they are told to be its.
    private(set) var droppedCount: UInt32 = 0

    init(
        worker: Worker,
        handle: SessionHandle,
        identity: ClientIdentity,
        expiryInterval: UInt32
    ) {
        self.worker = worker
        self.handle = handle
        self.identity = identity
        self.expiryInterval = expiryInterval
    }

    /// The number of the listener its client came through last.
    var listenerIndex: Int? { identity.listenerIndex }

    /// Who it is of, without counting a reference.
    var lentIdentity: Unmanaged<ClientIdentity> { .passUnretained(identity) }

    /// Whether the session outlives its connection.
    var isPersistent: Bool { expiryInterval != 0 }

    /// The will of the client that is, or was last, connected.
    var will: MQTT.Will? { boxedWill?.value }

    /// Tells the listener what has happened.
    @inline(__always)
    func note(_ change: @autoclosure () -> SessionChange) {
        guard let listener = worker.sessionListener else { return }
        listener.session(self, changed: change())
    }

    // MARK: Clients come and go

    /// A client takes the session over or back; nothing goes out to it before `open`.
    func attach(_ peer: SessionPeer, _ identity: ClientIdentity, expiryInterval: UInt32) {
        assert(self.peer == nil, "the earlier client has left")
        self.peer = peer
        self.identity = identity
        self.expiryInterval = expiryInterval
        deadlines = SessionDeadlines()
        detachedAt = nil
        attachedAt = worker.now
        hasLoggedDrop = false
        if !identity.isOwnBridge { worker.bridges.setName(nil, of: handle) }
        outgoing.window.resume()
        incoming?.resume()
        note(
            .attached(
                clientIdentifier: identity.clientIdentifier,
                userName: identity.userName,
                expiryInterval: expiryInterval
            )
        )
    }

    /// It is a bridge's, which has no connection yet.
    func claim(by identity: ClientIdentity, expiryInterval: UInt32) {
        assert(peer == nil, "nobody is there")
        self.identity = identity
        self.expiryInterval = expiryInterval
        deadlines = SessionDeadlines()
        note(
            .attached(
                clientIdentifier: identity.clientIdentifier,
                userName: identity.userName,
                expiryInterval: expiryInterval
            )
        )
        noteDetached(at: worker.reactor.now)
        note(.detached)
    }

    /// From now on messages go out.
    func open(_ outlet: Outlet) {
        assert(peer != nil, "only to a client that is there")
        self.outlet = outlet
    }

    /// Nobody takes messages any more, though the client has not left yet.
    func closeOutlet() { outlet = nil }

    /// The client has gone.
    /// [MQTT-4.8.2-4]
    func detach() {
        peer = nil
        outlet = nil
        noteDetached(at: worker.reactor.now)
        note(.detached)
    }

    /// Its client has gone, in an earlier process perhaps.
    func noteDetached(at milliseconds: Int64) {
        assert(peer == nil, "who is there has not left")
        detachedAt = milliseconds
    }

    /// Sets how long the session lives without a connection.
    func setExpiryInterval(_ seconds: UInt32) {
        guard expiryInterval != seconds else { return }
        expiryInterval = seconds
        note(.expiryChanged(seconds))
    }

    /// Sets the will, or forgets it.
    func setWill(_ will: MQTT.Will?) {
        guard will != nil || boxedWill != nil else { return }
        boxedWill = will.map(Box.init)
        note(.willChanged(will))
    }

    /// It ends with its connection, without a will.
    func forfeit() {
        setWill(nil)
        setExpiryInterval(0)
    }

    /// `allow_duplicate_messages false`: whether a 3.x client gets nothing yet from a fan-out.
    func isFirstDelivery(of serial: UInt64) -> Bool {
        guard identity.version != .v5 else { return true }
        defer { lastFanOut = serial }
        return lastFanOut != serial
    }

    /// Whether the last fan-out that a 3.x client got something of was this one.
    func wasServed(by serial: UInt64) -> Bool {
        identity.version != .v5 && lastFanOut == serial
    }

    /// Messages for it are lost.
    func drop(_ reason: DropReason, _ count: Int = 1) {
        worker.counters.drop(reason, count)
        droppedCount = UInt32(clamping: Int(droppedCount) + count)
    }

    /// Plugins ask the identity, from any thread.
    func noteSubscriptionCount() {
        guard worker.hasHooks else { return }
        identity.subscriptionCount.store(subscriptions.count, ordering: .relaxed)
    }

    /// The session is over: its handle is about to mean nothing, and the index forgets its
    /// subscriptions in slices.
    ///
    /// What it has retained stays [MQTT311-3.1.2-7]; what was under way goes to nobody else
    /// [MQTT-4.8.2-5].
    func end() {
        worker.sessionListener?.sessionWillEnd(self)
        let ended = subscriptions
        subscriptions = Subscriptions()
        worker.end(ended, of: handle)
        let inFlightCount = outgoing.window.inFlightCount
        worker.counters.drop(.inflightLost, inFlightCount)
        worker.counters.drop(.sessionEnded, outgoing.window.count - inFlightCount)
        outgoing.removeAll()
        incoming = nil
        retainedQueue = nil
        boxedWill = nil
        note(.ended)
    }

    /// The receive window, made when it is first needed.
    func openIncoming() -> IncomingMessages {
        if let incoming { return incoming }
        let made = IncomingMessages()
        incoming = made
        return made
    }

    /// Checks what the parts promise, and what holds between them.
    func checkInvariants() {
        outgoing.checkInvariants()
        incoming?.checkInvariants()
        assert(outlet == nil || peer != nil, "messages go out to a client that is there")
        assert(undecidedCount >= 0, "what plugins decide about is counted")
    }
}
