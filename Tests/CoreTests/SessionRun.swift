// SPDX-License-Identifier: Apache-2.0
// A session without a client, to which things happen.

import Inflight
import MQTT
import Net
import Testing
import Topics

import struct TestSupport.SplitMix64

@testable import Core

/// A session without a client, to which things happen.
final class SessionRun {
    private let worker: Worker
    private let session: Session
    private let recorder = SessionRecorder()
    private var generator: SplitMix64
    private let seed: UInt64
    private let limits = SendLimits(
        inFlightMax: 10,
        inFlightBytesMax: .max,
        queuedMax: 30,
        queuedBytesMax: .max
    )
    private var taken: (place: Int, isResent: Bool)?
    private var nextText = 0

    init(worker: Worker, seed: UInt64) {
        self.worker = worker
        self.seed = seed
        generator = SplitMix64(seed: seed)
        session = Self.makeSession(worker, "session")
        worker.sessionListener = recorder
        recorder.image = session.image { recorder.number(of: $0) }
    }

    static func makeSession(_ worker: Worker, _ name: String) -> Session {
        let identity = ClientIdentity(
            clientIdentifier: name,
            userName: "user",
            peer: .text("peer", port: 1),
            listener: nil,
            version: .v5,
            keepAliveSeconds: 0,
            isCleanStart: false,
            isBridge: false,
            authenticationMethod: nil
        )
        _ = worker.broker.census.addSession(limit: 0)
        let session = Session(
            worker: worker,
            handle: worker.sessions.reserve(),
            identity: identity,
            expiryInterval: 100
        )
        worker.sessions.insert(session)
        return session
    }

    static func message(_ text: String) -> Message {
        Array(text.utf8).withUnsafeBytes { bytes in
            Message.make(
                UnsafePublication(
                    topic: bytes,
                    properties: UnsafeRawBufferPointer(start: nil, count: 0),
                    payload: bytes,
                    qos: 2,
                    isRetained: false,
                    expiresAt: 0,
                    origin: nil
                )
            )
        }
    }

    private func makeMessage() -> Message {
        nextText += 1
        return Self.message("m\(nextText)")
    }

    func step() {
        switch generator.next(below: 14) {
        case 0, 1, 2: queue()
        case 3, 4: send()
        case 5, 6: acknowledge()
        case 7: accept()
        case 8: release()
        case 9, 10: subscribe()
        case 11: unsubscribe()
        case 12: change()
        default: if generator.next(below: 10) == 0 { interrupt() }
        }
        session.checkInvariants()
    }

    private func queue() {
        guard session.outgoing.window.mayQueue(limits) else { return }
        let form = DeliveryForm(
            qos: UInt8(generator.next(below: 3)),
            isRetained: generator.next(below: 2) == 0,
            subscriptionIdentifier: UInt32(generator.next(below: 3))
        )
        session.queue(makeMessage(), form)
    }

    /// Half of what is handed out stays so for a while, as when a plugin is asked.
    private func send() {
        if let taken {
            self.taken = nil
            return conclude(taken.place, taken.isResent)
        }
        guard case .publish(let place, let isResent) = session.next(limits) else { return }
        guard generator.next(below: 2) > 0 else {
            taken = (place, isResent)
            return
        }
        conclude(place, isResent)
    }

    private func conclude(_ place: Int, _ isResent: Bool) {
        if generator.next(below: 6) == 0 { return session.finish(place) }
        let qos = session.outgoing.window.qos(at: place)
        let changed = qos == 0 || isResent ? qos : UInt8(1 + generator.next(below: 2))
        _ = session.begin(place, qos: changed, isResent: isResent)
        if changed == 0 || generator.next(below: 10) == 0 { session.finish(place) }
    }

    private func acknowledge() {
        let window = session.outgoing.window.places.compactMap { place -> (UInt16, WindowState)? in
            let identifier = session.outgoing.window.identifier(at: place)
            guard identifier != 0, session.outgoing.window.isInFlight(identifier) else {
                return nil
            }
            return (identifier, session.outgoing.window.state(at: place))
        }
        guard !window.isEmpty else { return }
        let (identifier, state) = window[generator.next(below: window.count)]
        switch state {
        case .awaitingPuback: _ = session.acknowledgePuback(identifier)
        case .awaitingPubrec:
            let isError = generator.next(below: 5) == 0
            _ = session.acknowledgePubrec(identifier, isError: isError)
        case .awaitingPubcomp: _ = session.acknowledgePubcomp(identifier)
        default: return
        }
    }

    private func accept() {
        _ = session.accept(makeMessage(), UInt16(1 + generator.next(below: 12)))
    }

    private func release() { _ = session.release(UInt16(1 + generator.next(below: 12))) }

    private func filter() -> SessionSubscription {
        let number = generator.next(below: 10)
        return SessionSubscription(
            filter: Array("filter/\(number)/+".utf8),
            shareName: number < 3 ? Array("group".utf8) : nil,
            options: SubscriptionOptions(rawValue: UInt8(generator.next(below: 3))),
            identifier: UInt32(generator.next(below: 5))
        )
    }

    private func subscribe() { _ = session.subscribe(filter()) }

    private func unsubscribe() { _ = session.unsubscribe(filter()) }

    private func change() {
        switch generator.next(below: 4) {
        case 0: session.setExpiryInterval(UInt32(1 + generator.next(below: 5)))
        case 1: session.setWill(Will(topic: [UInt8(ascii: "w")], qos: 1))
        case 2: session.setWill(nil)
        default:
            session.dropOutgoing(in: session.outgoing.window.places) { $0.isMultiple(of: 4) }
        }
    }

    /// The connection is lost and another one begins.
    private func interrupt() {
        taken = nil
        session.outgoing.window.resume()
    }

    private func sorted(_ image: SessionImage) -> SessionImage {
        var sorted = image
        sorted.subscriptions.sort {
            ($0.filter + ($0.shareName ?? [])).lexicographicallyPrecedes(
                $1.filter + ($1.shareName ?? [])
            )
        }
        return sorted
    }

    func compare() {
        let image = session.image { recorder.number(of: $0) }
        let (told, found) = (sorted(recorder.image), sorted(image))
        guard told != found else { return }
        if told.outgoing != found.outgoing {
            Issue.record("seed \(seed): \(told.outgoing) is not \(found.outgoing)")
        } else {
            Issue.record("seed \(seed): \(told) is not \(found)")
        }
    }

    func restore() {
        recorder.isListening = false
        defer { recorder.isListening = true }
        let image = session.image { recorder.number(of: $0) }
        let copy = Self.makeSession(worker, "copy")
        #expect(copy.restore(image) { recorder.message($0) } == [])
        copy.checkInvariants()
        var restored = copy.image { recorder.number(of: $0) }
        restored.clientIdentifier = image.clientIdentifier
        #expect(sorted(restored) == sorted(image), "seed \(seed)")
        worker.end(copy)
    }

    func end() {
        worker.end(session)
        #expect(recorder.image.outgoing.isEmpty && recorder.image.subscriptions.isEmpty)
        #expect(worker.sessions[session.handle] == nil)
        worker.sessionListener = nil
    }
}
