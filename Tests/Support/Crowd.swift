// SPDX-License-Identifier: Apache-2.0
// Clients who take the last place there is, or the last memory.

/// Whoever is there so that somebody else is refused for want of room.
final class Crowd {
    private let broker: Broker
    private let kind: RefusedConnect
    private var members: [RawClient] = []
    /// More than enough of them.
    private static let membersMax = 200

    /// Fills what `kind` says is full; empty for kinds that need no crowd.
    init(for kind: RefusedConnect, _ broker: Broker) throws {
        self.broker = broker
        self.kind = kind
        switch kind {
        case .noPlace: guard try add() else { throw Mismatch("no place for the first") }
        case .noPlaceAnywhere, .noSession, .noSession3: while try add() {}
        case .outOfMemory: try fillMemory()
        default: break
        }
    }

    /// A subscriber that acknowledges nothing, with messages until there is room for no client.
    private func fillMemory() throws {
        guard try add() else { throw Mismatch("no memory for the first") }
        members[0].speak(.v5)
        try members[0].subscribe("own-crowd", 1)
        for size in [1_000_000, 100_000, 10_000, 1_000] {
            guard try add(), let publisher = members.last else { return }
            let payload = Bytes(repeating: 0x61, count: size)
            var answer: Bytes = []
            for id in 1...Self.membersMax where answer != [0xE0, 1, 0x80] {
                publisher.send(Wire.publish(.v5, "own-crowd", bytes: payload, qos: 1, id: id))
                answer = try publisher.readPacket()
            }
        }
    }

    /// One more; false when the broker refuses it.
    private func add() throws -> Bool {
        guard members.count < Self.membersMax else { throw Mismatch("there is always room") }
        let client = try RawClient(port: broker.ports[1])
        client.send(Wire.connect("own-crowd-\(members.count)", .v5))
        guard let connack = client.nextPacket(seconds: client.patienceSeconds), connack[3] == 0
        else { return false }
        members.append(client)
        return true
    }

    /// They go, and what they have taken is there again.
    func leave() throws {
        guard !members.isEmpty else { return }
        for member in members { member.abort() }
        members = []
        for _ in 0..<Self.membersMax where try add() {
            return try members[0].disconnect()
        }
        throw Mismatch("\(kind): the places of those who have left are not free")
    }
}
