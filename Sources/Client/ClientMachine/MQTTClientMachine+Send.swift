// SPDX-License-Identifier: Apache-2.0
// Messages for the server: what may go out, and how.

package import Inflight
import MQTT

/// What has become of a message that was to be sent.
package enum SendOutcome: Sendable, Equatable {
    /// It is on its way and awaits an answer.
    case underWay(packetIdentifier: UInt16)
    /// It is on its way, without an answer; its place is given back.
    case sent
    /// The server does not take packets of this size [MQTT-3.1.2-24]; its place is given back.
    case tooLarge
    /// There is no connection.
    case notConnected
}

extension MQTTClientMachine {
    /// The limits of a driver and those of the server together.
    package func sendLimits(_ own: SendLimits) -> SendLimits {
        var limits = own
        limits.inFlightMax = min(own.inFlightMax, self.limits.receiveMaximum)
        return limits
    }

    /// The place of the next message to be sent: give it to `publish` before asking again.
    ///
    /// PUBREL for messages of earlier connections is written on the way. `isRepeated` says that the
    /// message was sent in the session the server has, so that DUP is set. [MQTT-3.3.1-1]
    package mutating func next(
        _ send: borrowing SendWindow,
        _ own: SendLimits,
        now: Int64,
        output: inout [UInt8]
    ) -> (place: Int, isRepeated: Bool)? {
        guard mayPublish else { return nil }
        let limits = sendLimits(own)
        while let step = send.next(limits) {
            switch step {
            case .release(let identifier): release(identifier, now: now, output: &output)
            case .publish(let place, let isResent):
                return (place, isResent && place < firstNewPlace)
            }
        }
        return nil
    }

    /// Sends the message that `next` has named.
    ///
    /// After `.sent` and `.tooLarge` the place is given back.
    package mutating func publish(
        _ message: OutgoingPublish,
        at place: Int,
        isRepeated: Bool,
        _ send: borrowing SendWindow,
        now: Int64,
        output: inout [UInt8]
    ) -> SendOutcome {
        guard mayPublish else { return .notConnected }
        let qos = min(message.qos, send.qos(at: place), limits.maximumQoS)
        guard let form = encodedForm(of: message, qos: qos) else {
            send.finish(place)
            return .tooLarge
        }
        let identifier = send.begin(place, qos: qos)
        if qos == 0 { send.finish(place) }
        append(form, message, qos, identifier, isRepeated: isRepeated, now: now, output: &output)
        return qos == 0 ? .sent : .underWay(packetIdentifier: identifier)
    }

    /// Sends a message with QoS 0, past what waits in the window.
    package mutating func publishAtOnce(
        _ message: OutgoingPublish,
        now: Int64,
        output: inout [UInt8]
    ) -> SendOutcome {
        assert(message.qos == 0, "other messages have a place in the window")
        guard stage == .connected else { return .notConnected }
        guard let form = encodedForm(of: message, qos: 0) else { return .tooLarge }
        append(form, message, 0, 0, isRepeated: false, now: now, output: &output)
        return .sent
    }

    /// Topic and properties as they are on the wire, and the alias that the packet sets.
    private enum EncodedForm {
        /// Those of the message.
        case plain
        case aliased(topic: [UInt8], properties: [UInt8], setsAlias: Bool)
    }

    /// What a message looks like on this connection; nil if it is too large for the server.
    private func encodedForm(of message: OutgoingPublish, qos: UInt8) -> EncodedForm? {
        if version == .v5, let alias = alias(of: message.topic) {
            var writer = PropertyWriter()
            writer.append(.topicAlias, twoByteInteger: alias.alias)
            let properties = writer.bytes + message.properties
            let topic = alias.isKnown ? [] : message.topic
            if fits(topic.count, properties.count, message.payload.count, qos) {
                return .aliased(topic: topic, properties: properties, setsAlias: !alias.isKnown)
            }
            // Three bytes less may do.
        }
        let fitsPlain = fits(
            message.topic.count,
            version == .v5 ? message.properties.count : 0,
            message.payload.count,
            qos
        )
        return fitsPlain ? .plain : nil
    }

    private func alias(of topic: [UInt8]) -> (alias: UInt16, isKnown: Bool)? {
        topic.withUnsafeBytes { outgoingAliases.alias(of: $0) }
    }

    private func fits(_ topic: Int, _ properties: Int, _ payload: Int, _ qos: UInt8) -> Bool {
        var count = 2 + topic + (qos > 0 ? 2 : 0) + payload
        if version == .v5 { count += VariableByteInteger.length(properties) + properties }
        guard count <= VariableByteInteger.max else { return false }
        return 1 + VariableByteInteger.length(count) + count <= limits.maximumPacketSize
    }

    private mutating func append(
        _ form: EncodedForm,
        _ message: OutgoingPublish,
        _ qos: UInt8,
        _ identifier: UInt16,
        isRepeated: Bool,
        now: Int64,
        output: inout [UInt8]
    ) {
        var topic = message.topic
        var properties = message.properties
        if case .aliased(let shortened, let extended, let setsAlias) = form {
            if setsAlias { topic.withUnsafeBytes { outgoingAliases.establish($0) } }
            topic = shortened
            properties = extended
        }
        output.appendPublish(
            topic: topic,
            payload: message.payload,
            qos: qos,
            isRetained: message.isRetained && limits.isRetainAvailable,
            isDuplicate: isRepeated && qos > 0,
            packetIdentifier: identifier,
            properties: properties,
            version: version
        )
        keepAlive.noteSent(now)
    }
}
