// SPDX-License-Identifier: Apache-2.0
// What mosquitto_rr does.

import MQTT

/// What mosquitto_rr does: subscribes to the response topic, sends the request, prints one answer.
package final class RequestFlow: ToolFlow {
    private let options: ToolOptions
    private let voice: ToolVoice
    private let payload: [UInt8]
    private let printer: MessagePrinter
    private let nanoseconds: () -> Int
    private var sender: MessageSender
    private var isSent = false
    private var sentAt = 0
    private var isLeaving = false

    /// Sends a request as options say.
    ///
    /// - Parameter nanoseconds: Nanoseconds of a clock that only goes forward.
    package init(
        _ options: ToolOptions,
        payload: [UInt8],
        _ voice: ToolVoice,
        nanoseconds: @escaping () -> Int
    ) {
        self.options = options
        self.payload = payload
        self.voice = voice
        self.nanoseconds = nanoseconds
        printer = MessagePrinter(options)
        sender = MessageSender(options)
    }

    package func connected(_ connection: any ToolConnection) {
        var flags = options.qos
        if options.version == .v5 {
            if options.retainAsPublished { flags |= 0x08 }
            let handling = options.retainHandling ?? (options.ignoresRetained ? .never : .always)
            flags |= handling.rawValue << 4
        }
        connection.subscribe(
            [options.responseTopic ?? []],
            SubscriptionOptions(rawValue: flags),
            properties: options.properties.subscribe
        )
    }

    package func subscribed(
        _ connection: any ToolConnection,
        _: UInt16,
        _ codes: [UInt8]
    ) {
        guard let code = codes.first, code < 128 else {
            voice.complain(ToolText.reason(codes.first ?? 128))
            return leave(connection)
        }
        guard !isSent else { return }
        isSent = true
        sentAt = nanoseconds()
        let answer = payload.withUnsafeBytes { sender.send($0, connection) }
        if let complaint = MessageSender.complaint(answer) {
            voice.complain(complaint)
            leave(connection)
        }
    }

    package func completed(
        _: any ToolConnection,
        _ packetIdentifier: UInt16,
        _ reason: UInt8,
        _ reasonString: String?
    ) {
        voice.warn(packetIdentifier, reason, reasonString)
    }

    package func received(_ connection: any ToolConnection, _ message: UnsafePrintedMessage) {
        guard !isLeaving, !(message.isRetained && options.ignoresRetained) else { return }
        let latency = max(0, nanoseconds() - sentAt)
        for problem in printer.print(message, to: &voice.output) {
            voice.complain(MessagePrinter.complaint(problem, topic: message.topic))
        }
        if options.showsLatency, isSent { voice.say(LatencyText.text(nanoseconds: latency)) }
        leave(connection)
    }

    private func leave(_ connection: any ToolConnection) {
        guard !isLeaving else { return }
        isLeaving = true
        connection.disconnect(
            .normalDisconnection,
            properties: options.properties.disconnect
        )
    }

    /// Leaves because of a signal or because the time is over; the broker publishes the will.
    package func interrupt(_ connection: any ToolConnection) {
        guard !isLeaving else { return }
        isLeaving = true
        connection.disconnect(
            options.version == .v5 ? .disconnectWithWillMessage : .normalDisconnection,
            properties: options.properties.disconnect
        )
    }
}
