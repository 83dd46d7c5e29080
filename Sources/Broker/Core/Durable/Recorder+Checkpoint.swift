// SPDX-License-Identifier: Apache-2.0
// What a worker does for a checkpoint, in slices of its turns.

import Inflight
import Net
import Persist
import Topics

extension Recorder {
    /// Messages in one piece of an image.
    private static let imagePiece = 256
    /// Bytes after which a piece is handed over though it has not so many messages.
    private static let imagePieceByteCount = 256 << 10
    /// Milliseconds until it is asked again whether the writer has caught up.
    private static let pause: Int64 = 10
    /// Retained messages in one piece.
    private static let retainedPiece = 32

    // MARK: Beginning

    /// A checkpoint has begun: what is handed over from now on is behind its beginning.
    ///
    /// With `isReset` the log begins anew with it: what waits to be handed over is not, the images
    /// have it. The word of it may come late, when a marker has said so already.
    func beginCheckpoint(_ number: UInt64, isReset: Bool) {
        guard number > lastCheckpoint else { return }
        lastCheckpoint = number
        buffer.begin(number, isReset: isReset)
        noteResumed()
        forgetIdentities()
        checkpoint = CheckpointPart(
            number,
            worker: worker.index,
            counter: counter,
            of: worker.broker.workers.count
        )
        // There is a frame for what waits since writing has failed, even if nothing is imaged here.
        buffer.write(.clock(wallNow))
        // Behind what was accepted before.
        worker.sendOutboxes()
        let (sender, counter) = (worker.index, counter)
        for other in worker.broker.workers where other.index != sender {
            other.post {
                $0.recorder?.noteMarker(
                    of: number,
                    isReset: isReset,
                    from: sender,
                    counter: counter
                )
            }
        }
        continueCheckpoint()
    }

    /// Another worker has taken part from here on.
    ///
    /// So does this one at the latest: what the other accepts is behind the beginning, and what becomes
    /// of it here has to be too.
    func noteMarker(of number: UInt64, isReset: Bool, from sender: Int, counter: UInt64) {
        beginCheckpoint(number, isReset: isReset)
        guard checkpoint?.number == number else { return }
        checkpoint?.noteMarker(from: sender, counter: counter)
        continueCheckpoint()
    }

    /// The checkpoint is whole.
    func endCheckpoint(_ number: UInt64) {
        if checkpoint?.number == number { checkpoint = nil }
    }

    /// When a checkpoint that waits for the writer is to go on; milliseconds of the reactor's clock.
    var checkpointDueAt: Int64? { checkpoint?.pausedUntil }

    /// Goes on when what it has waited for may have come; at the end of each turn.
    func continueCheckpoint() {
        guard let part = checkpoint else { return }
        if let pausedUntil = part.pausedUntil {
            guard worker.reactor.now >= pausedUntil else { return }
            checkpoint?.pausedUntil = nil
            return addSteps(part.number)
        }
        if part.hasMarkers {
            checkpoint?.stage = .awaitingDeliveries(worker.fanOuts.addedCount)
        }
        if case .awaitingDeliveries(let count) = checkpoint?.stage,
            worker.fanOuts.doneCount >= count
        {
            checkpoint?.stage = .sessions
            checkpoint?.sessions = worker.sessions.all.filter { $0.logNumber != 0 }.map(\.handle)
            addSteps(part.number)
        }
    }

    private func addSteps(_ number: UInt64) {
        worker.slices.add { [unowned self] in step(number) }
    }

    // MARK: Steps

    /// Records a piece; returns whether there is no more to record, or the writer is so far behind
    /// that more would only fill the memory, and the room that publishers need.
    private func step(_ number: UInt64) -> Bool {
        guard let part = checkpoint, part.number == number else { return true }
        guard !log.isBehind(worker.index) else {
            checkpoint?.pausedUntil = worker.reactor.now + Self.pause
            return true
        }
        switch part.stage {
        case .sessions: imageSessions()
        case .retained: imageRetained()
        default: return true
        }
        guard checkpoint?.stage == .done else {
            if buffer.byteCount >= Self.imagePieceByteCount { submit() }
            return false
        }
        submit()
        // Without what was refused just now it would not be whole.
        if checkpoint?.number == number { log.finishCheckpoint(number) }
        return true
    }

    private func imageSessions() {
        if let imaging = checkpoint?.image { return goOn(imaging) }
        guard let part = checkpoint else { return }
        guard part.position < part.sessions.count else {
            part.sessions = []
            part.stage = worker.index == 0 ? .retained : .done
            return
        }
        let handle = part.sessions[part.position]
        part.position += 1
        guard let session = worker.sessions[handle], session.logNumber != 0 else { return }
        beginImage(of: session)
    }

    private func beginImage(of session: Session) {
        let number = session.logNumber
        let places = session.outgoing.window.places
        buffer.write(
            .imageBegan(
                LogImageHead(
                    session: number,
                    identity: LogIdentity(session.identity),
                    expiryInterval: session.expiryInterval,
                    detachedAt: session.detachedAt.map(WallClock().second),
                    nextSequence: UInt64(places.upperBound),
                    lastIdentifier: session.outgoing.window.lastIdentifier
                )
            )
        )
        recordBridge(of: session)
        if let will = session.will { buffer.write(.willChanged(number, will)) }
        guard session.isPersistent else { return buffer.write(.imageEnded(number)) }
        for slot in 0..<session.subscriptions.slotEnd {
            guard let subscription = session.subscriptions[slot] else { continue }
            buffer.write(.subscribed(number, subscription.image))
        }
        for subscription in session.retainedQueue?.subscriptions ?? [] {
            buffer.write(.retainedBegan(number, subscription.image))
        }
        if let walk = session.retainedQueue?.first { keepWanted(walk.fetched, by: session) }
        for (identifier, message) in session.incoming?.all ?? [] {
            buffer.write(.received(number, identifier: identifier, keep(message)))
        }
        // What is under way moves; what waits keeps its place.
        let firstWaiting = session.outgoing.window.firstWaitingPlace
        _ = writeEntries(of: session, places.lowerBound..<firstWaiting, isPiece: false)
        writeUndecided(of: session)
        goOn(SessionImaging(session: session.handle, place: firstWaiting))
    }

    /// Records the next messages that wait in a session.
    private func goOn(_ imaging: SessionImaging) {
        guard let session = worker.sessions[imaging.session], session.logNumber != 0 else {
            checkpoint?.image = nil
            return
        }
        let places = session.outgoing.window.places
        let first = max(imaging.place, places.lowerBound)
        let end = writeEntries(
            of: session,
            first..<max(first, min(places.upperBound, first + Self.imagePiece)),
            isPiece: true
        )
        if end < places.upperBound {
            checkpoint?.image = SessionImaging(session: imaging.session, place: end)
        } else {
            checkpoint?.image = nil
            buffer.write(.imageEnded(session.logNumber))
        }
    }

    /// Records messages of a session; returns the place after the last of them.
    ///
    /// That is the end of `places`, or with `isPiece` an earlier one. What is more than a piece is
    /// handed over in parts: a frame is bounded, and in between nothing happens here.
    private func writeEntries(of session: Session, _ places: Range<Int>, isPiece: Bool) -> Int {
        var entries: [LogEntry] = []
        for place in places {
            if buffer.byteCount >= Self.imagePieceByteCount {
                if isPiece {
                    write(entries, session)
                    return place
                }
                write(entries, session)
                entries = []
                submit()
            }
            guard let progress = session.progress(at: place) else { continue }
            let form = session.form(at: place)
            entries.append(
                LogEntry(
                    sequence: UInt64(place),
                    message: keep(session.outgoing[place]),
                    qos: form.qos,
                    isRetained: form.isRetained,
                    subscriptionIdentifier: form.subscriptionIdentifier,
                    progress: LogEntry.Progress(progress)
                )
            )
        }
        write(entries, session)
        return places.upperBound
    }

    private func write(_ entries: [LogEntry], _ session: Session) {
        if !entries.isEmpty { buffer.write(imageEntries: entries, of: session.logNumber) }
    }

    private func writeUndecided(of session: Session) {
        guard !undecided.isEmpty else { return }
        for question in undecided.all(for: session.handle) {
            // What has no number was recorded for nobody; QoS 0 is not promised.
            let numbered = question.messages.filter { $0.number != 0 }
            guard question.form.qos > 0 else {
                keepWanted(numbered, by: session)
                continue
            }
            let entries = numbered.map { message in
                LogEntry(
                    sequence: 0,
                    message: keep(message),
                    qos: question.form.qos,
                    isRetained: question.form.isRetained,
                    subscriptionIdentifier: question.form.subscriptionIdentifier,
                    progress: .pending
                )
            }
            if !entries.isEmpty { buffer.write(imageEntries: entries, of: session.logNumber) }
        }
    }

    private func imageRetained() {
        let store = worker.broker.retained
        let cursor = checkpoint?.retained ?? store.cursorOverAll()
        checkpoint?.retained = cursor
        var values: [AnyObject] = []
        var version: UInt64 = 0
        let isLast = store.next(
            cursor,
            limit: Self.retainedPiece,
            into: &values,
            version: &version
        )
        for value in values {
            let message = Message(value)
            if message.withPublication({ $0.topic.isOfBroker }) { continue }
            buffer.write(.retainedSet(version: version, keep(message)))
            if buffer.byteCount >= Self.imagePieceByteCount { submit() }
        }
        guard isLast else { return }
        checkpoint?.retained = nil
        checkpoint?.stage = .done
    }
}

extension LogEntry.Progress {
    /// The same as in the image of a session.
    init(_ progress: OutgoingImage.Progress) {
        self =
            switch progress {
            case .queued: .queued
            case .published(let identifier): .published(identifier: identifier)
            case .released(let identifier): .released(identifier: identifier)
            }
    }
}
