// SPDX-License-Identifier: Apache-2.0
// The other end of a session's connection.

import Inflight
import Log
import MQTT
import Net

/// Who takes a session's messages and sends its own, on one connection: a client that has come, or the
/// remote broker that a bridge has called.
///
/// What both have in common is here: they are read from, or not while something has to be waited for;
/// they are written to, and answered when that may be; their publications are on their account.
package class SessionPeer {
    /// Where in its life a peer is.
    ///
    /// ```
    /// awaitingConnect ──CONNECT──► authenticating ──► entering ──► connected ──► ended
    ///                              ▲            ▼
    ///                              └ exchanging ┘
    /// ```
    /// `authenticating` is skipped when nobody has to be asked, `entering` when nothing has to be waited
    /// for. A remote broker is only connected, and ended.
    enum Stage {
        case awaitingConnect
        /// A plugin has the say; no packet is handled.
        case authenticating
        /// The client has the say: its next AUTH is awaited.
        case exchanging
        /// It may come in: the way to its home, the end of what an earlier connection has sent, and
        /// the record that CONNACK promises are waited for. No packet is handled.
        case entering
        case connected
        case ended
    }

    // Members are in an order without gaps: there is one of these for every idle client.

    final let worker: Worker
    /// The worker's, one step nearer.
    final let batch: PublishBatch
    /// The worker's, one step nearer.
    final let counters: Counters
    final private(set) var connection: Connection?
    /// Set with the first complete CONNECT.
    final var identity: ClientIdentity?
    /// Set when the session is attached, before CONNACK.
    final var session: Session?
    /// How many had been let in here before it; orders those who are there and those who come later.
    final var entryNumber = 0
    /// Second of the reactor clock when it was heard last.
    final private(set) var lastPacketAt: Int64 = 0
    /// Its messages that plugins have not decided about yet.
    final var undecidedCount = 0
    /// How the connection ended while messages were undecided.
    final var postponedEnd: ClientEnd? {
        get { boxedEnd?.value }
        set { boxedEnd = newValue.map(Box.init) }
    }
    private final var boxedEnd: Box<ClientEnd>?
    /// Its publications that go to so many sessions that they are not delivered yet.
    final private(set) var spreadCount = 0
    /// Answers that wait until something else has happened.
    final var heldAnswers = HeldAnswers()
    /// How often it was denied something in the present second.
    final var denials = DenialCount()
    /// The most bytes of a packet it takes [MQTT-3.1.2-24]; known with CONNECT, or CONNACK.
    final var packetSizeMax = UInt32.max
    final var stage: Stage
    final var isV5 = false
    final var version = ProtocolVersion.v311
    /// Whether the next packet has to wait until a question is answered, or another packet done with.
    final var isWaiting = false
    /// Whether it is not read from because other workers are behind, or because an answer to it
    /// waits for a session log that is behind or cannot be written.
    final var isParked = false
    /// Whether it is not read from because it does not take its answers.
    private final var isUnread = false
    /// Whether it is among the worker's `holdingPeers`.
    final var isHolding = false
    /// Whether an excess of the receive maximum was already logged for this connection.
    final var hasLoggedExcess = false

    init(worker: Worker, connection: Connection, stage: Stage) {
        self.worker = worker
        batch = worker.batch
        counters = worker.counters
        self.connection = connection
        self.stage = stage
    }

    // MARK: What differs

    /// Ends the connection and, as far as that follows, the session.
    ///
    /// Takes effect once. `isConnectionLost`: the last messages that came may still be decided about.
    func finish(_ end: ClientEnd, isConnectionLost: Bool = false) {
        preconditionFailure("each kind of peer ends in its own way")
    }

    /// What a log line about this peer says of it.
    func logFields(_ kind: LogLineKind? = nil, reason: String? = nil) -> LogFields {
        identity?.logFields(kind, reason: reason) ?? LogFields(kind, reason: reason)
    }

    /// Keeps the QoS 2 publications of a batch and acknowledges them with PUBREC.
    func keep(_ batch: PublishBatch) {
        preconditionFailure("only clients' messages are kept in batches")
    }

    /// The packet that lets it in may go out now.
    func letIn() {
        preconditionFailure("only clients are let in")
    }

    // MARK: Names

    final var log: Log { worker.log }

    /// The name in log lines: the identifier, or the address before there is one.
    final var logName: String {
        identity?.clientIdentifier ?? connection?.peer.host ?? ""
    }

    // MARK: Reading

    /// It has given a sign of life.
    final func touch() { lastPacketAt = worker.now }

    /// Gives the connection up to another worker or to nobody.
    final func releaseConnection() -> Connection? {
        let connection = connection
        self.connection = nil
        return connection
    }

    /// Has `handle` take bytes that have come, on this peer's account; returns how many it has taken.
    @inline(__always)
    final func take(from connection: Connection, _ handle: () -> Int) -> Int {
        // What plugins have published before is not on this peer's account.
        if worker.hasHooks { _ = worker.broker.pluginBacklog.takePublished() }
        let consumed = worker.collect { _ in handle() }
        if consumed > 0 { touch() }
        if worker.hasHooks, worker.broker.pluginBacklog.takePublished() {
            worker.parkIfBehind(self)
        }
        if spreadCount > 0 { connection.yieldReading() }
        waitForReader(connection)
        counters.bytesReceived.add(consumed)
        return consumed
    }

    /// No packet is handled until what it has published is delivered.
    final func beginSpread() { spreadCount += 1 }

    /// A publication has been delivered that went to many.
    final func endSpread() {
        spreadCount -= 1
        assert(spreadCount >= 0, "each end has its beginning")
        if spreadCount == 0 { resumeReading() }
    }

    /// Reads again if nothing stands against it any more.
    final func resumeReading() {
        guard stage == .connected, !isWaiting, !isParked, !isUnread, undecidedCount == 0,
            spreadCount == 0
        else { return }
        touch()
        connection?.resumeReading()
    }

    /// Resumes what had to wait for the last decision.
    final func goOnAfterDecision() {
        guard undecidedCount == 0 else { return }
        if let end = postponedEnd {
            postponedEnd = nil
            finish(end)
        } else {
            resumeReading()
        }
    }

    /// Is read from no further until the session log can be written again.
    final func waitForLog() {
        guard !isParked, stage == .connected else { return }
        isParked = true
        worker.parkedPeers.append(self)
        connection?.pauseReading()
    }

    /// Messages of one peer that may be undecided before it is read from no further.
    static let undecidedMax = 1000

    // MARK: Output that is not taken

    /// Answers that may wait for the socket besides.
    private static let unreadAnswersMax = 1000

    /// Reads no further from a peer that does not take its answers, until it does.
    ///
    /// So none has to be dropped [MQTT-3.8.4-1] [MQTT-3.10.4-4] [MQTT-3.12.4-1], and no more are kept
    /// beyond that than one read has brought. Others' messages stop earlier: however many they are, they
    /// do not keep a client from being read.
    /// [MQTT-3.3.4-10] [MQTT-4.9.0-3] [MQTT311-3.8.4-1] [MQTT311-3.10.4-4] [MQTT311-3.12.4-1]
    final func waitForReader(_ connection: Connection) {
        guard hasUnreadAnswers(connection), stage == .connected else { return }
        worker.sendOutboxes()
        connection.flush()
        guard hasUnreadAnswers(connection), !connection.isClosed else { return }
        isUnread = true
        connection.pauseReading()
    }

    private final func hasUnreadAnswers(_ connection: Connection) -> Bool {
        connection.queuedPacketCount - Self.unreadAnswersMax >= outputPacketsMax
    }

    /// The socket takes more again.
    final func goOnWriting() {
        if isUnread {
            isUnread = false
            resumeReading()
        }
        session?.pump()
        session?.continueRetained()
    }
}
