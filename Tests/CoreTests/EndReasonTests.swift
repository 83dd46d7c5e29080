// SPDX-License-Identifier: Apache-2.0
// Each way in which a client's connection ends is counted under its reason.

import Config
import MQTT
import Net
import Results
import Testing

@testable import Core

@Suite("Reasons of ended connections")
struct EndReasonTests {
    /// What a client has done, and what has come of it.
    struct Course: Sendable, CustomTestStringConvertible {
        let reason: EndReason
        var connect: [UInt8]? = Wire.connect("c")
        /// Sent when the client is inside.
        var packets: [UInt8] = []
        /// Time that passes then.
        var seconds: Int64 = 0
        var closes = false

        var testDescription: String { reason.label }
    }

    static let courses = [
        Course(reason: .disconnect, packets: Wire.disconnect),
        Course(
            reason: .disconnectWithWill,
            connect: Wire.connect("c", version: 5),
            packets: [0xE0, 1, 4]
        ),
        Course(reason: .closedByPeer, closes: true),
        Course(reason: .noConnect, connect: nil, closes: true),
        Course(reason: .keepAlive, connect: Wire.connect("c", keepAlive: 10), seconds: 20),
        Course(reason: .loginTimeout, connect: nil, seconds: 60),
        Course(reason: .takenOver, packets: []),
        Course(reason: .administrative, packets: []),
        Course(reason: .protocolError, packets: Wire.connect("c")),
        Course(
            reason: .malformedPacket,
            connect: Wire.connect("c", version: 5),
            packets: [0x82, 0, 0]
        ),
        Course(
            reason: .packetTooLarge,
            connect: Wire.connect("c", version: 5),
            packets: Wire.publish("a", [UInt8](repeating: 0, count: 2000), version: 5)
        ),
        Course(
            reason: .notSupported,
            connect: Wire.connect("c", version: 5),
            packets: Wire.publish("a", [1], qos: 2, version: 5)
        ),
        Course(reason: .notSupported, connect: Wire.connect("c", version: 9)),
        Course(reason: .identifierNotValid, connect: Wire.connect("", isClean: false)),
    ]

    private static func ends(_ driven: DrivenBroker) -> [EndReason: UInt64] {
        let counters = driven.broker.workers[0].counters
        return EndReason.allCases.reduce(into: [:]) { ends, reason in
            if counters.ended(reason) > 0 { ends[reason] = counters.ended(reason) }
        }
    }

    @Test("Each course of events has its reason", arguments: courses)
    func counted(course: Course) throws {
        var configuration = Configuration()
        configuration.maxPacketSize = 1000
        var listener = ListenerConfiguration()
        listener.maxQoS = 1
        configuration.listeners = [listener]
        let driven = try DrivenBroker(configuration)
        let peer = try driven.connect()
        if let connect = course.connect { peer.send(connect) }
        driven.settle()
        peer.send(course.packets)
        driven.settle()
        if course.seconds > 0 {
            driven.advance(seconds: course.seconds)
            driven.turn()
            driven.settle()
        }
        if course.closes { peer.close() }
        var other: Peer?
        switch course.reason {
        case .administrative: driven.broker.kick("c", publishesWill: false)
        case .takenOver:
            other = try driven.connect()
            other?.send(Wire.connect("c"))
        default: break
        }
        driven.settle()
        #expect(Self.ends(driven) == [course.reason: 1])
        _ = other
        driven.end()
    }

    @Test(
        "What plugins are told has a reason too",
        arguments: [
            (ResultCode.systemError, EndReason.networkError),
            (ResultCode.badUserNameOrPassword, .notAuthorized),
            (ResultCode.banned, .notAuthorized), (ResultCode.noMemory, .memoryLimit),
            (CInt(ReasonCode.quotaExceeded.rawValue), .quotaExceeded),
            (ResultCode.serverBusy, .serverBusy),
            (ResultCode.serverUnavailable, .serverUnavailable), (ResultCode.tls, .transport),
            (ResultCode.proxy, .transport), (ResultCode.unknown, .other),
        ]
    )
    func code(code: Int32, reason: EndReason) {
        #expect(EndReason(ClientEnd(text: "", code: code), isEarly: false) == reason)
    }

    @Test("Packets that break a rule are counted by type, logins by result and method")
    func violations() throws {
        let driven = try DrivenBroker()
        let counters = driven.broker.workers[0].counters
        for packet in [Wire.packet(0x80, [0, 1]), Wire.packet(0x31, [0, 0])] {
            let peer = try driven.connect()
            peer.send(Wire.connect("c") + packet)
            driven.settle()
        }
        let stranger = try driven.connect()
        stranger.send([0x20, 2, 0, 0])
        driven.settle()
        let types: [PacketType] = [.subscribe, .publish, .connack]
        for type in types {
            #expect(counters.violations.current(Int(type.rawValue)) == 1, "\(type)")
        }
        #expect(counters.authentications(.accepted, .anonymous) == 2)
        #expect(counters.loginsBegun.current == 2)
        driven.end()
    }
}
