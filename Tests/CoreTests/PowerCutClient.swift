// SPDX-License-Identifier: Apache-2.0
// A client that keeps to the standard and has a ledger kept of what it does and is told.

/// Publishes, takes, answers late, subscribes, leaves and comes back, with a session that stays.
final class PowerCutClient {
    let name: String
    let qos: UInt8
    /// The filters it has from the beginning.
    private let filters: [String]
    private let ledger: PowerCutLedger
    private(set) var peer: Peer?
    /// Whether CONNACK has come on this connection.
    private(set) var isWelcome = false
    private var isSubscribed = false
    private var lastIdentifier: UInt16 = 0
    private var will: String?

    /// What it has sent and is not over.
    private struct Sent {
        let identifier: UInt16
        let key: String
        let packet: [UInt8]
        var isReleased = false
    }
    private var sent: [Sent] = []
    /// What it has asked for, by identifier.
    private var asked: [UInt16: [(filter: String, change: Int)]] = [:]
    /// What it has received and not answered, in order.
    private var owed: [(packet: [UInt8], key: String)] = []
    /// Keys of QoS 2 that are not completed, by identifier.
    private var received: [UInt16: String] = [:]

    init(_ name: String, qos: UInt8, filters: [String], _ ledger: PowerCutLedger) {
        self.name = name
        self.qos = qos
        self.filters = filters
        self.ledger = ledger
    }

    var mayPublish: Bool { isWelcome && sent.count < 20 }

    // MARK: What it does

    /// Comes for the first time or again, with a will or without.
    func come(over peer: Peer, will: String?) {
        leave(politely: false)
        self.peer = peer
        // Who comes back takes the will back that was not published yet.
        if let earlier = self.will { ledger.release(earlier) }
        self.will = will
        if let will { ledger.send(will, from: name, qos: 1, to: .will) }
        peer.send(Wire.connect(name, isClean: false, will: will.map { ($0, qos: 1) }))
    }

    /// Goes without a word, or with DISCONNECT.
    func leave(politely: Bool) {
        if politely, isWelcome {
            peer?.send(Wire.disconnect)
            if let will { ledger.release(will) }
        }
        peer?.close()
        peer = nil
        isWelcome = false
        owed = []
    }

    func publish(_ key: String, _ topic: String, to place: PowerCutLedger.Place) {
        let identifier = nextIdentifier()
        let packet = Wire.publish(
            topic,
            place.isCleared ? [] : Array(key.utf8),
            qos: qos,
            identifier: identifier,
            isRetained: place.isRetained
        )
        sent.append(Sent(identifier: identifier, key: key, packet: packet))
        ledger.send(key, from: name, qos: qos, to: place)
        peer?.send(packet)
    }

    func subscribe(_ filters: [String], isSubscribing: Bool = true) {
        let identifier = nextIdentifier()
        asked[identifier] = filters.map { filter in
            (filter, ledger.ask(filter, isSubscribing: isSubscribing, of: name))
        }
        peer?.send(
            isSubscribing
                ? Wire.subscribe(filters, qos: qos, identifier: identifier)
                : Wire.unsubscribe(filters, identifier: identifier)
        )
    }

    /// Sends so many of the answers it owes.
    func answer(_ count: Int) {
        for (packet, key) in owed.prefix(count) {
            peer?.send(packet)
            if packet[0] == 0x70 {
                received[Wire.identifier(packet)] = nil
                ledger.note(\.completedAt, of: key, name)
            } else {
                ledger.note(\.answeredAt, of: key, name)
            }
        }
        owed.removeFirst(min(count, owed.count))
    }

    private func nextIdentifier() -> UInt16 {
        repeat {
            lastIdentifier = lastIdentifier % 1000 + 1
        } while sent.contains { $0.identifier == lastIdentifier } || asked[lastIdentifier] != nil
        return lastIdentifier
    }

    // MARK: What comes

    /// Takes what has come.
    func read() {
        guard let peer else { return }
        peer.read()
        while let packet = peer.packet() { take(packet) }
        if peer.isClosed { leave(politely: false) }
    }

    private func take(_ packet: [UInt8]) {
        switch packet[0] >> 4 {
        case 2: if packet[3] == 0 { enter(isNew: packet[2] & 1 == 0) }
        case 3: takePublication(packet)
        case 4: finish(packet) { ledger.promise($0) }
        case 5: release(packet)
        case 6:
            // It may have answered before, and lost the connection.
            let key = received[Wire.identifier(packet)] ?? ""
            ledger.note(\.releasedAt, of: key, name)
            owed.append((Wire.acknowledgement(0x70, Wire.identifier(packet)), key))
        case 7: finish(packet) { ledger.complete($0) }
        case 9, 11:
            for (filter, change) in asked.removeValue(forKey: Wire.identifier(packet)) ?? [] {
                ledger.confirm(filter, change, of: name)
                if filters.contains(filter) { isSubscribed = true }
            }
            // SUBACK has waited for what the login has recorded.
            if let will { ledger.promise(will) }
        default: break
        }
    }

    private func enter(isNew: Bool) {
        isWelcome = true
        ledger.noteSession(of: name)
        // Who comes back to a session waits for nothing.
        if isNew, let will { ledger.promise(will) }
        asked = [:]
        if !isSubscribed, !filters.isEmpty { subscribe(filters) }
        for message in sent {
            if message.isReleased {
                peer?.send(Wire.acknowledgement(0x62, message.identifier))
            } else {
                ledger.change(message.key) { $0.isRepeated = true }
                peer?.send([message.packet[0] | 8] + message.packet.dropFirst())
            }
        }
    }

    private func finish(_ packet: [UInt8], _ note: (String) -> Void) {
        let identifier = Wire.identifier(packet)
        guard let index = sent.firstIndex(where: { $0.identifier == identifier }) else { return }
        note(sent.remove(at: index).key)
    }

    private func release(_ packet: [UInt8]) {
        let identifier = Wire.identifier(packet)
        guard let index = sent.firstIndex(where: { $0.identifier == identifier }) else { return }
        sent[index].isReleased = true
        ledger.promise(sent[index].key)
        ledger.release(sent[index].key)
        peer?.send(Wire.acknowledgement(0x62, identifier))
    }

    private func takePublication(_ packet: [UInt8]) {
        let publication = Wire.Publication(packet, version: 4)
        let key = PowerCutPicture.key(Array(publication.topic.utf8), publication.payload)
        let identifier = publication.identifier
        if publication.qos == 2 { received[identifier] = key }
        ledger.take(key, name, qos: publication.qos, identifier)
        let first: UInt8 = publication.qos == 2 ? 0x50 : 0x40
        if publication.qos > 0 { owed.append((Wire.acknowledgement(first, identifier), key)) }
    }
}
