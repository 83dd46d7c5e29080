// SPDX-License-Identifier: Apache-2.0
// A send window and its model, worked on side by side.

import Inflight
import Testing

import struct TestSupport.SplitMix64

/// A window and its model, worked on side by side.
struct SendWindowRun: ~Copyable {
    private struct Entry: Equatable {
        var token: Int
        var qos: UInt8
        var byteCount: Int
        var identifier: UInt16 = 0
        var state = WindowState.queued
        /// Whether this connection has sent it.
        var isUnderWay = false
    }

    private let window = SendWindow()
    private var model: [Entry] = []
    private var tokens: [Int: Int] = [:]
    private var nextToken = 0
    private var lastIdentifier: UInt16 = 0
    private var generator: SplitMix64
    private let limits: SendLimits
    private let seed: UInt64

    init(seed: UInt64, inFlightMax: Int) {
        self.seed = seed
        generator = SplitMix64(seed: seed)
        limits = SendLimits(
            inFlightMax: inFlightMax,
            inFlightBytesMax: seed.isMultiple(of: 3) ? 300 : .max,
            queuedMax: 50,
            queuedBytesMax: seed.isMultiple(of: 2) ? 1000 : .max
        )
    }

    mutating func step() {
        switch generator.next(below: 12) {
        case 0, 1, 2: queue()
        case 3, 4, 5: send()
        case 6, 7: acknowledgeAny()
        case 8: acknowledgeStretch()
        case 9: startStretch()
        case 10: generator.next(below: 20) == 0 ? resume() : acknowledgeAny()
        default: generator.next(below: 10) == 0 ? drop() : send()
        }
        if window.isSparse {
            window.compact { from, to in
                verify(tokens[to] == nil, "seed \(seed): a message moves to a free place")
                tokens[to] = tokens.removeValue(forKey: from)
            }
        }
        check()
    }

    private mutating func queue() {
        let qos = UInt8(generator.next(below: 10) == 0 ? 0 : 1 + generator.next(below: 2))
        let queued = model.filter { $0.state == .queued && $0.qos > 0 }
        let bytes = queued.reduce(0) { $0 + $1.byteCount }
        let mayQueue = queued.count < limits.queuedMax && bytes < limits.queuedBytesMax
        verify(window.mayQueue(limits) == mayQueue, "seed \(seed)")
        guard mayQueue else { return }
        add(qos: qos, byteCount: generator.next(below: 100))
    }

    private mutating func add(qos: UInt8, byteCount: Int) {
        tokens[window.queue(byteCount: byteCount, qos: qos)] = nextToken
        model.append(Entry(token: nextToken, qos: qos, byteCount: byteCount))
        nextToken += 1
    }

    private func isOpen(_ entry: Entry) -> Bool {
        let flying = model.filter(\.isUnderWay)
        return entry.qos == 0
            || flying.count < limits.inFlightMax
                && flying.reduce(0) { $0 + $1.byteCount } < limits.inFlightBytesMax
    }

    private mutating func send() {
        let index = model.firstIndex { !$0.isUnderWay }
        guard let index, isOpen(model[index]) else {
            verify(window.next(limits) == nil, "seed \(seed)")
            return
        }
        if model[index].state == .awaitingPubcomp {
            let identifier = model[index].identifier
            verify(window.next(limits) == .release(identifier: identifier), "seed \(seed)")
            model[index].isUnderWay = true
            return
        }
        let isResent = model[index].state != .queued
        guard case .publish(let place, isResent) = window.next(limits) else {
            Issue.record("seed \(seed): a message was to go out")
            return
        }
        verify(tokens[place] == model[index].token, "seed \(seed): messages keep their order")
        if generator.next(below: 12) == 0 {
            window.finish(place)
            tokens[place] = nil
            model.remove(at: index)
            return
        }
        begin(place, index, isResent: isResent)
    }

    private mutating func begin(_ place: Int, _ index: Int, isResent: Bool) {
        let qos = model[index].qos
        let identifier = window.begin(place, qos: qos)
        guard qos > 0 else {
            verify(identifier == 0, "seed \(seed)")
            window.finish(place)
            tokens[place] = nil
            model.remove(at: index)
            return
        }
        if isResent {
            verify(identifier == model[index].identifier, "seed \(seed)")
        } else {
            verify(!model.contains { $0.identifier == identifier }, "seed \(seed): free")
            lastIdentifier = identifier
        }
        model[index].identifier = identifier
        model[index].state = qos == 1 ? .awaitingPuback : .awaitingPubrec
        model[index].isUnderWay = true
        if generator.next(below: 20) == 0 {
            window.finish(place)
            tokens[place] = nil
            model.remove(at: index)
        }
    }

    private mutating func acknowledgeAny() {
        let flying = model.indices.filter { model[$0].isUnderWay }
        let isUnknown = flying.isEmpty || generator.next(below: 10) == 0
        guard !isUnknown else {
            let identifier = UInt16(1 + generator.next(below: 0xFFFF))
            guard !model.contains(where: { $0.identifier == identifier }) else { return }
            verify(window.acknowledgePuback(identifier) == .unknown, "seed \(seed)")
            verify(!window.isInFlight(identifier), "seed \(seed)")
            return
        }
        let index = flying[generator.next(below: flying.count)]
        let identifier = model[index].identifier
        verify(window.isInFlight(identifier), "seed \(seed)")
        switch model[index].state {
        case .awaitingPuback:
            verify(window.acknowledgePubcomp(identifier) == .unexpected, "seed \(seed)")
            expectEnd(window.acknowledgePuback(identifier), of: index)
        case .awaitingPubrec:
            verify(window.acknowledgePuback(identifier) == .unexpected, "seed \(seed)")
            if generator.next(below: 5) == 0 {
                return expectEnd(window.acknowledgePubrec(identifier, isError: true), of: index)
            }
            let answer = window.acknowledgePubrec(identifier, isError: false)
            verify(answer == .released, "seed \(seed)")
            model[index].state = .awaitingPubcomp
        default:
            verify(window.acknowledgePubrec(identifier, isError: false) == .released)
            expectEnd(window.acknowledgePubcomp(identifier), of: index)
        }
    }

    private mutating func expectEnd(_ answer: Acknowledgement, of index: Int) {
        guard case .ended(let place) = answer else {
            Issue.record("seed \(seed): the message must end")
            return
        }
        verify(tokens.removeValue(forKey: place) == model[index].token, "seed \(seed)")
        model.remove(at: index)
    }

    /// In the order of sending, as most clients do.
    private mutating func acknowledgeStretch() {
        let flying = model.filter(\.isUnderWay)
        let wanted = flying.prefix(generator.next(below: 6))
        var bytes: [UInt8] = []
        let kind = [UInt8(0x40), 0x50, 0x70][generator.next(below: 3)]
        for entry in wanted {
            bytes += [kind, 2, UInt8(entry.identifier >> 8), UInt8(entry.identifier & 0xFF)]
        }
        bytes.withUnsafeBytes { bytes in
            if kind == 0x50 { return releaseStretch(bytes) }
            let places =
                kind == 0x40
                ? window.acknowledgePubacks(bytes) : window.acknowledgePubcomps(bytes)
            let state = kind == 0x40 ? WindowState.awaitingPuback : .awaitingPubcomp
            for (place, entry) in zip(places, flying) {
                verify(entry.state == state, "seed \(seed)")
                verify(tokens.removeValue(forKey: place) == entry.token, "seed \(seed)")
                model.removeFirst()
            }
        }
    }

    private mutating func releaseStretch(_ bytes: UnsafeRawBufferPointer) {
        withUnsafeTemporaryAllocation(byteCount: max(bytes.count, 1), alignment: 4) { output in
            guard let base = output.baseAddress else { return }
            let count = window.releasePubrecs(bytes, output: base)
            for index in 0..<count {
                let identifier =
                    UInt16(output[4 * index + 2]) << 8 | UInt16(output[4 * index + 3])
                verify(output[4 * index] == 0x62 && output[4 * index + 1] == 2)
                let place = model.firstIndex { $0.identifier == identifier && $0.isUnderWay }
                guard let place, model[place].state == .awaitingPubrec else {
                    Issue.record("seed \(seed): only what awaits PUBREC is released")
                    return
                }
                model[place].state = .awaitingPubcomp
            }
        }
    }

    private mutating func startStretch() {
        let count = 1 + generator.next(below: 8)
        let sizes = (0..<count).map { _ in generator.next(below: 50) }
        let total = sizes.reduce(0, +)
        guard window.mayStartStretch(of: count, byteCount: total, limits) else { return }
        verify(!model.contains { !$0.isUnderWay }, "seed \(seed): nothing waits")
        window.reserve(count)
        let first = window.places.upperBound
        for (index, size) in sizes.enumerated() {
            let identifier = window.start(byteCount: size, qos: 1)
            verify(!model.contains { $0.identifier == identifier }, "seed \(seed): free")
            tokens[first + index] = nextToken
            var entry = Entry(token: nextToken, qos: 1, byteCount: size)
            entry.identifier = identifier
            entry.state = .awaitingPuback
            entry.isUnderWay = true
            model.append(entry)
            nextToken += 1
        }
        window.endStretch(of: count, byteCount: total)
    }

    private mutating func resume() {
        window.resume()
        for index in model.indices { model[index].isUnderWay = false }
    }

    private mutating func drop() {
        var dropped: [Int] = []
        let count = window.drop(in: window.places) { place in
            guard let token = tokens[place], token.isMultiple(of: 3) else { return false }
            dropped.append(place)
            return true
        }
        verify(count == dropped.count, "seed \(seed)")
        for place in dropped {
            let token = tokens.removeValue(forKey: place)
            model.removeAll { $0.token == token }
        }
        // Who has the content already is released, whatever is wanted.
        let kept = model.filter { !$0.isUnderWay && $0.token.isMultiple(of: 3) }
        verify(kept.allSatisfy { $0.state == .awaitingPubcomp }, "seed \(seed)")
    }

    private func check() {
        window.checkInvariants()
        verify(window.count == model.count, "seed \(seed)")
        verify(tokens.count == model.count, "seed \(seed)")
        let flying = model.filter(\.isUnderWay)
        verify(window.inFlightCount == flying.count, "seed \(seed)")
        verify(window.inFlightByteCount == flying.reduce(0) { $0 + $1.byteCount })
        verify(window.hasWaiting || flying.count == model.count, "seed \(seed)")
        let live = window.places.filter { window.state(at: $0) != .ended }
        verify(live.map { tokens[$0] } == model.map(\.token), "seed \(seed)")
        verify(live.map { window.identifier(at: $0) } == model.map(\.identifier), "seed \(seed)")
        verify(live.map { window.state(at: $0) } == model.map(\.state), "seed \(seed)")
    }
}
