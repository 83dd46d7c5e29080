// SPDX-License-Identifier: Apache-2.0
// What mosquitto_sub does.

import MQTT
import TopicRules

/// What mosquitto_sub does: subscribes, prints, leaves when it has enough.
package final class SubscribeFlow: ToolFlow {
    private let options: ToolOptions
    private let voice: ToolVoice
    private let printer: MessagePrinter
    private let prints: (Int) -> Bool
    private var screen = WatchScreen()
    private var count = 0
    /// Whether it has seen enough: what comes now is of no interest.
    private var isDone = false
    private var isLeaving = false
    /// Messages that make the broker forget retained ones and have no answer yet.
    private var removals: Set<UInt16> = []
    /// Messages since the rate was printed.
    private var rateCount = 0
    private var rateDue: Int64?

    /// Does what options say.
    ///
    /// - Parameter prints: Whether a message is printed that has so many in 1000 to be.
    package init(
        _ options: ToolOptions,
        _ voice: ToolVoice,
        prints: @escaping (Int) -> Bool = { Int.random(in: 0..<1000) < $0 }
    ) {
        self.options = options
        self.voice = voice
        self.prints = prints
        printer = MessagePrinter(options)
        if options.isWatching {
            voice.output += WatchScreen.head(host: options.host ?? "localhost")
        }
    }

    package var reconnects: Bool { !isLeaving }

    package func connected(_ connection: any ToolConnection) {
        if !options.topics.isEmpty {
            var flags = options.qos
            if options.version == .v5 {
                if options.retainAsPublished { flags |= 0x08 }
                flags |= handling.rawValue << 4
            }
            connection.subscribe(
                options.topics,
                SubscriptionOptions(rawValue: flags),
                properties: options.properties.subscribe
            )
        }
        for filter in options.unsubscribes {
            connection.unsubscribe(filter, properties: options.properties.unsubscribe)
        }
    }

    private var handling: RetainHandling {
        options.retainHandling ?? (options.ignoresRetained ? .never : .always)
    }

    package func subscribed(
        _ connection: any ToolConnection,
        _ packetIdentifier: UInt16,
        _ codes: [UInt8]
    ) {
        if options.isDebug {
            let list = codes.map { String($0) }.joined(separator: ", ")
            voice.say("Subscribed (mid: \(packetIdentifier)): \(list)")
        }
        if codes.allSatisfy({ $0 >= 128 }) {
            voice.complain("All subscription requests were denied.")
            leave(connection)
        } else if options.exitsWhenSubscribed {
            leave(connection)
        }
    }

    package func received(_ connection: any ToolConnection, _ message: UnsafePrintedMessage) {
        guard !isDone else { return }
        if options.wantsOnlyRetained, !message.isRetained { return finish(connection) }
        if message.isRetained, options.ignoresRetained { return }
        if !options.filtersOut.isEmpty, isFilteredOut(message.topic) { return }
        if options.removesRetained, message.isRetained { remove(message.topic, connection) }
        show(message)
        if voice.isBroken { return leave(connection) }
        guard let messageCount = options.messageCount else { return }
        count += 1
        if count >= messageCount { finish(connection) }
    }

    private func show(_ message: UnsafePrintedMessage) {
        if options.showsRate {
            rateCount += 1
            return
        }
        if let perMille = options.randomPerMille, !prints(perMille) { return }
        if options.isWatching { voice.output += screen.begin(message.topic) }
        for problem in printer.print(message, to: &voice.output) {
            voice.complain(MessagePrinter.complaint(problem, topic: message.topic))
        }
        voice.flushIfLarge()
    }

    private func isFilteredOut(_ topic: UnsafeRawBufferPointer) -> Bool {
        let name = Array(topic)
        return options.filtersOut.contains { filter in
            TopicRules.compare(filter.span, with: name.span) == .match
        }
    }

    // MARK: Retained messages

    private func remove(_ topic: UnsafeRawBufferPointer, _ connection: any ToolConnection) {
        let answer = connection.publish(
            topic: Array(topic),
            payload: UnsafeRawBufferPointer(start: nil, count: 0),
            qos: 1,
            isRetained: true,
            properties: []
        )
        if case .accepted(let identifier) = answer { removals.insert(identifier) }
    }

    package func completed(
        _ connection: any ToolConnection,
        _ packetIdentifier: UInt16,
        _: UInt8,
        _: String?
    ) {
        removals.remove(packetIdentifier)
        if isDone, removals.isEmpty { leave(connection) }
    }

    // MARK: Ends

    /// Has seen enough, and leaves when the broker has forgotten what it was to forget.
    private func finish(_ connection: any ToolConnection) {
        isDone = true
        if removals.isEmpty { leave(connection) }
    }

    private func leave(_ connection: any ToolConnection) {
        isDone = true
        guard !isLeaving else { return }
        isLeaving = true
        connection.disconnect(
            .normalDisconnection,
            properties: options.properties.disconnect
        )
    }

    /// Leaves because of a signal or because the time is over; the broker publishes the will.
    package func interrupt(_ connection: any ToolConnection) {
        isDone = true
        guard !isLeaving else { return }
        isLeaving = true
        connection.disconnect(
            options.version == .v5 ? .disconnectWithWillMessage : .normalDisconnection,
            properties: options.properties.disconnect
        )
    }

    // MARK: Rate

    package var deadline: Int64? { rateDue }

    package func proceed(_: any ToolConnection, now: Int64) {
        guard options.showsRate, !isDone else { return }
        guard let due = rateDue else {
            rateDue = now + 1000
            return
        }
        guard now >= due else { return }
        voice.say("\(rateCount) msgs/s")
        rateCount = 0
        rateDue = max(due + 1000, now)
    }
}
