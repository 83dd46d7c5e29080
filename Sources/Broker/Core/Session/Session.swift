// SPDX-License-Identifier: Apache-2.0
// What of a client survives its connection.

import MQTT
import Net
import Synchronization
import Topics

/// One subscription as its session remembers it.
struct SessionSubscription {
    /// The filter with mount point, without share name.
    let filter: [UInt8]
    /// Share name; nil for an ordinary subscription.
    let shareName: [UInt8]?
    var options: Topics.SubscriptionOptions
    var identifier: UInt32

    /// The filter as the client gave it: `$share/name/` in front of shared ones.
    var text: [UInt8] {
        guard let shareName else { return filter }
        return Array("$share/".utf8) + shareName + [UInt8(ascii: "/")] + filter
    }
}

/// Session state (5.0 section 4.1), living on the worker its client identifier hashes to.
///
/// The send side is one ring: `deliveries[0 ..< sentCount]` were sent at least once, of which
/// `inFlight` await an answer from the present connection; the rest is the queue.
final class Session {
    let worker: Worker
    /// The worker's, one step nearer.
    let counters: Counters
    let handle: SessionHandle
    var identity: ClientIdentity {
        didSet { listenerIndex = identity.listenerIndex }
    }
    /// The number of the listener its client came through last.
    private(set) var listenerIndex: Int?
    /// The connected client, if there is one.
    var client: Client? {
        didSet { setOutlet() }
    }
    /// Its connection, when packets go out to it as they do to every other such client.
    private(set) var plainOutlet: Connection?
    /// What of the client's CONNECT matters for that.
    private(set) var isPlainV5 = false
    private(set) var packetSizeMax = packetLengthMax
    private(set) var inFlightMax = 0xFFFF

    /// Seconds to live without a connection; 0: ends with it; `UInt32.max`: never ends.
    var expiryInterval: UInt32
    /// Second of the reactor clock at which it ends; 0 while connected or when it never ends.
    var expiresAt: Int64 = 0
    var will: MQTT.Will? {
        get { boxedWill?.value }
        set { boxedWill = newValue.map(Box.init) }
    }
    private var boxedWill: Box<MQTT.Will>?
    /// The password of the last CONNECT, kept while plugins may ask for it again on reload.
    var password: [UInt8]?
    /// Second of the reactor clock at which a delayed will is due; 0 when none waits.
    var willDueAt: Int64 = 0

    var subscriptions: [SessionSubscription] = []

    let deliveries = UnsafeDeliveryRing()
    /// Entries at the front of `deliveries` that were sent at least once.
    var sentCount = 0
    /// Entries of those that the present connection has sent again or answered.
    var resumeIndex = 0
    /// Whether `pump` is running, and whether it waits for a plugin.
    var isPumping = false
    var isFilterPending = false
    /// Deliveries that await an acknowledgement of the present connection.
    var inFlight = 0
    var inFlightBytes = 0
    /// Queued deliveries with QoS 1 or 2.
    var queuedCount = 0
    var queuedBytes = 0
    /// Deliveries that plugins have not decided about yet.
    var undecidedCount = 0
    /// Received with QoS 2 and not yet released.
    let incoming = UnsafeDeliveryRing()
    /// Retained messages that are still being sent for new subscriptions.
    var retainedDeliveries: [RetainedDelivery] = []

    var lastPacketIdentifier: UInt16 = 0
    private var lastFanOut: UInt64 = 0
    /// Whether the loss of messages was already logged for this connection.
    var hasLoggedDrop = false

    init(
        worker: Worker,
        handle: SessionHandle,
        identity: ClientIdentity,
        expiryInterval: UInt32
    ) {
        self.worker = worker
        counters = worker.counters
        self.handle = handle
        self.identity = identity
        listenerIndex = identity.listenerIndex
        self.expiryInterval = expiryInterval
    }

    /// Brings what is kept of the client up to date; called when its limits have been set.
    func setOutlet() {
        guard let client else {
            plainOutlet = nil
            return
        }
        plainOutlet = client.isPlain ? client.connection : nil
        isPlainV5 = client.isV5
        packetSizeMax = client.packetSizeMax
        inFlightMax = client.inFlightMax
    }

    /// The next packet identifier: 1, 2, 3 … 65535, 1 …
    /// .
    func nextPacketIdentifier() -> UInt16 {
        lastPacketIdentifier = lastPacketIdentifier == .max ? 1 : lastPacketIdentifier + 1
        return lastPacketIdentifier
    }

    /// `allow_duplicate_messages false`: whether a 3.x client gets nothing yet from a fan-out.
    func isFirstDelivery(of serial: UInt64) -> Bool {
        guard identity.version != .v5 else { return true }
        defer { lastFanOut = serial }
        return lastFanOut != serial
    }

    /// Whether the session outlives its connection.
    var isPersistent: Bool { expiryInterval != 0 }

    /// Plugins ask the identity, from any thread.
    func noteSubscriptionCount() {
        guard worker.hasHooks else { return }
        identity.subscriptionCount.store(subscriptions.count, ordering: .relaxed)
    }

    /// A second CONNECT, or a refused one, costs the client its will and its session
    /// (spec: protocol-choices.md section 4).
    func forfeit() {
        will = nil
        expiryInterval = 0
    }

    /// Forgets subscriptions and messages, for a clean start or at the end.
    func clear() {
        for subscription in subscriptions { worker.unsubscribe(subscription, of: self) }
        subscriptions = []
        deliveries.removeAll()
        incoming.removeAll()
        sentCount = 0
        resumeIndex = 0
        inFlight = 0
        inFlightBytes = 0
        queuedCount = 0
        queuedBytes = 0
        retainedDeliveries = []
    }
}
