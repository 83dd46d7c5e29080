// SPDX-License-Identifier: Apache-2.0
// Requests to `$CONTROL` topics, by the rules of docs/protocol-choices.md.

import MQTT
import Results
import TopicRules
import Topics

extension SessionPeer {
    /// A PUBLISH to `$CONTROL/…` goes to the handler of exactly that topic; it is neither routed
    /// nor stored.
    func handleControl(_ message: Message, _ receipt: PublishReceipt) {
        guard worker.hasHooks, let identity else {
            replyUnavailable(message)
            return acknowledgeControl(receipt, reasonString: nil)
        }
        undecidedCount += 1
        _ = worker.ask(.control(identity, message)) { [self] answer in
            undecidedCount -= 1
            if case .control(let decision, let denial) = answer {
                concludeControl(decision, denial, message, receipt)
            }
            goOnAfterDecision()
        }
    }

    private func concludeControl(
        _ decision: ControlDecision,
        _ denial: Denial?,
        _ message: Message,
        _ receipt: PublishReceipt
    ) {
        // What was accepted before is answered before [MQTT-4.6.0-2].
        worker.deliverCollected()
        switch decision {
        case .refused(ResultCode.accessDenied):
            message.withPublication { logDenied(topic: $0.topic, denial) }
            refuse(receipt, .notAuthorized)
        case .refused(let code): finish(.plugin(code, worker.hooks))
        case .unhandled:
            replyUnavailable(message)
            acknowledgeControl(receipt, reasonString: nil)
        case .handled(0, _): acknowledgeControl(receipt, reasonString: nil)
        case .handled(let code, let reasonString):
            acknowledgeControl(receipt, reasonString: reasonString)
            finish(.plugin(code, worker.hooks))
        }
    }

    private func acknowledgeControl(_ receipt: PublishReceipt, reasonString: String?) {
        guard receipt.qos > 0 else { return }
        let type: PacketType = receipt.qos == 1 ? .puback : .pubrec
        guard isV5, let reasonString, session?.outlet?.wantsReasons == true else {
            return writeAck(type, receipt.packetIdentifier)
        }
        var properties = PropertyWriter()
        properties.append(.reasonString, string: reasonString)
        var packet: [UInt8] = []
        packet.appendAck(
            type,
            packetIdentifier: receipt.packetIdentifier,
            properties: properties.bytes,
            version: .v5
        )
        // [MQTT-3.4.2-3] [MQTT-3.5.2-3]
        // What makes a packet too large for its receiver is left out [MQTT-3.4.2-2] [MQTT-3.5.2-2].
        guard packet.count <= (session?.outlet?.packetSizeMax ?? 0) else {
            return writeAck(type, receipt.packetIdentifier)
        }
        write(packet, type)
    }

    /// Tells the client alone, whether or not it is subscribed, that nobody handles the topic.
    ///
    /// A topic that leaves no room for `/response` gets no answer.
    private func replyUnavailable(_ request: Message) {
        let ending = Array("/response".utf8)
        let requested = request.withPublication { Array($0.topic) }
        guard TopicRules.mayGrow(topicOf: requested.count, by: ending.count) else {
            return requested.withUnsafeBytes { logOverlong($0) }
        }
        let topic = requested + ending
        let payload = Array(#"{"error": "endpoint not available"}"#.utf8)
        guard mayWritePacket() else { return }
        UnsafePublication.with(topic: topic, payload: payload) { publication in
            _ = session?.outlet?
                .write(publication, of: nil, DeliveryForm(qos: 0, isRetained: false))
        }
    }
}
