// SPDX-License-Identifier: Apache-2.0
// Which brokers a message has passed on its way over bridges.

import MQTT
import Testing

@testable import Core

@Suite("Marks of bridges")
struct BridgeLoopMarkTests {
    private static func by(_ name: String) -> [UInt8] {
        BridgeLoopMark.property(naming: Array(name.utf8))
    }

    private static func into(_ name: String) -> [UInt8] {
        BridgeLoopMark.property(BridgeLoopMark.entryKey, naming: Array(name.utf8))
    }

    private static let other = { () -> [UInt8] in
        var writer = PropertyWriter()
        writer.append(.contentType, utf8: Array("a".utf8))
        writer.appendUserProperty(name: "bridged", value: "a")
        writer.appendUserProperty(name: "a", value: "bridged-by")
        return writer.bytes
    }()

    @Test(
        "A message stays where it has been passed on, and where the remote has passed it on",
        arguments: [
            ([], false, false), (other, false, false), (by("x"), false, false),
            (by("a"), true, true), (by("b"), true, false), (into("a"), false, true),
            (into("b"), false, false), (other + by("x") + by("a"), true, true),
            (by("aa") + by(""), false, false),
        ]
    )
    func passed(properties: [UInt8], stays: Bool, hasBeenHere: Bool) {
        let mark = BridgeLoopMark(own: "a", remote: Array("b".utf8))
        properties.withUnsafeBytes {
            #expect(mark.staysHere($0) == stays)
            #expect(mark.hasBeenHere($0) == hasBeenHere)
        }
    }

    @Test("What comes from a remote without a name is marked with where it has come in")
    func nameless() {
        let mark = BridgeLoopMark(own: "a", remote: nil)
        #expect(mark.exitProperty == Self.by("a") && mark.entryProperty == Self.into("a"))
        let named = BridgeLoopMark(own: "a", remote: Array("b".utf8))
        #expect(named.exitProperty == Self.by("a") && named.entryProperty == Self.by("b"))
    }

    @Test("CONNECT and CONNACK may give a name")
    func names() {
        #expect(BridgeLoopMark.name(in: Self.other + Self.by("x")) == Array("x".utf8))
        #expect(BridgeLoopMark.name(in: Self.other + Self.into("x")) == nil)
        #expect(BridgeLoopMark.name(in: []) == nil)
        #expect(BridgeLoopMark.name(in: [0x26, 0xFF]) == nil)
    }
}
