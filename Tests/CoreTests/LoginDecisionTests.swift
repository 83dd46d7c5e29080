// SPDX-License-Identifier: Apache-2.0
// What a login or a reload ends with, and what is forgotten afterwards.

import MQTT
import Testing

@testable import Core
@testable import Net

struct LoginDecisionTests {
    @Test(
        "After a reload who is refused leaves, and a plugin that is busy has not refused",
        arguments: [
            (0, false), (11, true), (12, true), (13, true), (17, true), (134, true), (138, true),
            (136, false), (137, false), (159, false),
        ] as [(Int32, Bool)]
    )
    func mustLeave(code: Int32, leaves: Bool) {
        #expect(Worker.mustLeave(code, allowsAnonymous: false) == leaves)
        #expect(Worker.mustLeave(code, allowsAnonymous: true) == leaves)
    }

    @Test("Nobody's opinion is what the listener allows", arguments: [false, true])
    func nobody(allowsAnonymous: Bool) {
        #expect(Worker.mustLeave(32, allowsAnonymous: allowsAnonymous) == !allowsAnonymous)
    }

    @Test(
        "[MQTT-3.14.0-1] An exchange ends with a reason that CONNACK has",
        arguments: [
            (.malformedPacket, .malformedPacket), (.protocolError, .protocolError),
            (.packetTooLarge, .packetTooLarge), (.notAuthorized, .notAuthorized),
            (.topicAliasInvalid, .protocolError), (.receiveMaximumExceeded, .protocolError),
            (.administrativeAction, .serverUnavailable),
        ] as [(ReasonCode, ReasonCode)]
    )
    func connackReason(given: ReasonCode, told: ReasonCode) {
        let end = ClientEnd.violation(PacketError(reason: given, detail: "test"))
        #expect(end.connackReason == told)
    }

    @Test("Who sends a length of five bytes or nothing in time is told so, who has left nothing")
    func otherEnds() {
        #expect(ClientEnd.violation(.close("test")).connackReason == .malformedPacket)
        #expect(ClientEnd.timedOut.connackReason == .notAuthorized)
        #expect(ClientEnd.closedByPeer.connackReason == nil)
        #expect(ClientEnd.disconnected.connackReason == nil)
    }

    @Test("What TLS has told of a client goes when its connection has gone")
    func forgetting() {
        var security = ConnectionSecurity()
        security.channelBinding = [1, 2, 3]
        let identity = ClientIdentity(
            clientIdentifier: "c",
            userName: "u",
            peer: .unix(path: ""),
            listener: nil,
            version: .v5,
            keepAliveSeconds: 0,
            isCleanStart: true,
            isBridge: false,
            authenticationMethod: nil,
            security: security
        )
        #expect(identity.security?.channelBinding == [1, 2, 3])
        identity.forgetSecurity()
        #expect(identity.security == nil)
        #expect(identity.userName == "u")
        identity.forgetSecurity()
    }
}
