// SPDX-License-Identifier: Apache-2.0
// From the body of a chunk to whoever wants what is in it.

extension DatabaseDecoder {
    /// Decodes the body at the front of the input and hands it on; false when a text in it cannot be
    /// one.
    mutating func hand(
        _ kind: DatabaseChunkKind,
        of input: DatabaseInput,
        _ count: Int,
        to receiver: inout some DatabaseReceiver
    ) throws(Failure) -> Bool {
        let isOlder = !DatabaseFormat.hasStructures(version)
        let body = input.buffer.span.bytes.extracting(input.start..<input.start + count)
        switch kind {
        case .configuration:
            receiver.receive(
                try isOlder ? olderConfiguration(body) : configuration(body)
            )
        case .message:
            let parts = try isOlder ? olderMessage(body) : message(body)
            guard let parts else { return false }
            hand(parts, body, to: &receiver)
        case .delivery:
            let delivery = try isOlder ? olderDelivery(body) : delivery(body)
            guard let delivery else { return false }
            receiver.receive(delivery)
        case .retained: receiver.receive(retained: try retained(body))
        case .subscription:
            let subscription =
                try isOlder ? olderSubscription(body) : subscription(body)
            guard let subscription else { return false }
            receiver.receive(subscription)
        case .client:
            let client = try isOlder ? olderClient(body) : client(body)
            guard let client else { return false }
            if client.clientIdentifier.isEmpty {
                receiver.receive(.emptyClient)
            } else {
                receiver.receive(client)
            }
        }
        return true
    }

    private func hand(
        _ parts: DatabaseMessageParts,
        _ body: RawSpan,
        to receiver: inout some DatabaseReceiver
    ) {
        let topic = body.extracting(parts.topic)
        let payload = body.extracting(parts.payload)
        if let kept = forwarded(body, parts.properties) {
            receiver.receive(
                parts.message,
                topic: topic,
                properties: kept.span.bytes,
                payload: payload
            )
        } else {
            let properties = body.extracting(parts.properties)
            receiver.receive(parts.message, topic: topic, properties: properties, payload: payload)
        }
    }
}
