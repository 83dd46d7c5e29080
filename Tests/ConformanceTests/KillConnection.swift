// SPDX-License-Identifier: Apache-2.0
// A client whose session outlives its connections and the brokers it has them with.

import Foundation
import TestSupport

/// The connections of one client, one after the other.
///
/// Versions alternate; a session that a CONNACK has confirmed must be present ever after.
struct KillConnection {
    let name: String
    let stage: KillStage
    /// Makes the will of the next connection.
    var makeWill: (() -> Will)?
    /// Whether the session ends with the connection.
    var isClean = false
    /// The version of all connections; nil: by turns.
    var version: Version?
    private var isNextOfVersion5: Bool
    private(set) var client: RawClient?
    /// How many connections there were.
    private(set) var count = 0
    private var hasSession = false
    /// The round of the last connection, and whether it was the client that ended it.
    private var round = 0
    private var wasLeft = true

    init(_ name: String, _ stage: KillStage, isFirstOfVersion5: Bool) {
        self.name = name
        self.stage = stage
        isNextOfVersion5 = isFirstOfVersion5
    }

    /// Connects, waiting for the next broker if need be; throws when none comes any more.
    mutating func connect() throws -> RawClient {
        client = nil
        var after = wasLeft ? round - 1 : round
        while let place = stage.place(after: after) {
            if let client = try attempt(place) {
                self.client = client
                round = place.round
                count += 1
                wasLeft = false
                return client
            }
            after = place.round
        }
        throw Mismatch("\(name): no broker comes")
    }

    /// Whether the connection stands, and the broker behind it has not been killed.
    var isAlive: Bool { client != nil && stage.isOpen(round) }

    /// One try; nil when the broker is killed meanwhile.
    private mutating func attempt(_ place: KillStage.Place) throws -> RawClient? {
        let version = version ?? (isNextOfVersion5 ? .v5 : .v4)
        isNextOfVersion5.toggle()
        guard let client = try? RawClient(port: place.port) else { return nil }
        client.speak(version)
        client.send(
            Wire.connect(
                name,
                version,
                clean: isClean,
                properties: version == .v5 && !isClean ? Property.sessionExpiry(100_000) : [],
                will: makeWill?()
            )
        )
        guard let packet = client.nextPacket(seconds: 20) else {
            guard client.isClosed, !stage.isOpen(place.round) else {
                throw Mismatch("\(name): no CONNACK comes in round \(place.round)")
            }
            return nil
        }
        guard packet.count >= 4, packet[0] == 0x20, packet[3] == 0 else {
            throw Mismatch("\(name): refused: \(hexText(packet))")
        }
        if hasSession, packet[2] != 1 {
            stage.complain("\(name): the session is gone in round \(place.round)")
        }
        hasSession = !isClean
        return client
    }

    /// The client ends its connection by itself.
    mutating func leave(politely: Bool) {
        if politely { client?.send(Wire.disconnect()) } else { client?.abort() }
        wasLeft = true
        client = nil
    }

    /// The next packet; nil when the connection has ended with the broker, or when none has come
    /// in time and the connection stands.
    mutating func next(seconds: Double) throws -> Bytes? {
        guard let client else { return nil }
        if let packet = client.nextPacket(seconds: seconds) {
            guard packet[0] != 0xE0 else { throw Mismatch("\(name): \(hexText(packet))") }
            return packet
        }
        if client.isClosed {
            self.client = nil
            if stage.isOpen(round) {
                stage.complain("\(name): the broker has closed the connection")
            }
        }
        return nil
    }
}
