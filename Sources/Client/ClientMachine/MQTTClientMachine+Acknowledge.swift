// SPDX-License-Identifier: Apache-2.0
// A server's answers to messages: PUBACK, PUBREC and PUBCOMP (5.0 sections 3.4, 3.5 and 3.7).

import Inflight
import MQTT

extension MQTTClientMachine {
    /// PUBACK or PUBCOMP; one for no message under way concerns nobody.
    mutating func handleAck(
        _ header: FixedHeader,
        _ body: RawSpan,
        _ send: borrowing SendWindow
    ) throws(PacketError) -> ClientEvent {
        let isPuback = header.type == .puback
        let ack = try AckPacket(
            decoding: body,
            type: isPuback ? .puback : .pubcomp,
            version: version
        )
        if isPuback, requests[ack.packetIdentifier]?.type == .publish {
            requests[ack.packetIdentifier] = nil
            return .announced(ack.reasonCode)
        }
        let answer =
            isPuback
            ? send.acknowledgePuback(ack.packetIdentifier)
            : send.acknowledgePubcomp(ack.packetIdentifier)
        return try conclude(answer, ack)
    }

    mutating func handlePubrec(
        _ body: RawSpan,
        _ send: borrowing SendWindow,
        output: inout [UInt8]
    ) throws(PacketError) -> ClientEvent {
        let ack = try AckPacket(decoding: body, type: .pubrec, version: version)
        let isError = ack.reasonCode.isError
        let answer = send.acknowledgePubrec(ack.packetIdentifier, isError: isError)
        switch answer {
        case .unknown where !isError:
            output.appendAck(
                .pubrel,
                packetIdentifier: ack.packetIdentifier,
                reasonCode: .packetIdentifierNotFound,
                version: version
            )
        case .released where releasesAtOnce:
            output.appendAck(.pubrel, packetIdentifier: ack.packetIdentifier, version: version)
        default: break
        }
        return try conclude(answer, ack)
    }

    private func conclude(
        _ answer: Acknowledgement,
        _ ack: AckPacket
    ) throws(PacketError) -> ClientEvent {
        switch answer {
        case .unknown: .nothing
        case .unexpected:
            throw .protocolError(version, "acknowledgement does not fit the delivery")
        case .released:
            releasesAtOnce ? .nothing : .received(packetIdentifier: ack.packetIdentifier)
        case .ended(let place):
            .acknowledged(
                AnswerStretch(place: place, identifier: ack.packetIdentifier),
                ack.reasonCode
            )
        }
    }

    /// Releases a QoS 2 message for which `received` was reported: PUBREL.
    /// [MQTT-4.3.3-4]
    package mutating func release(
        _ packetIdentifier: UInt16,
        now: Int64,
        output: inout [UInt8]
    ) {
        guard stage == .connected else { return }
        output.appendAck(.pubrel, packetIdentifier: packetIdentifier, version: version)
        keepAlive.noteSent(now)
    }
}
