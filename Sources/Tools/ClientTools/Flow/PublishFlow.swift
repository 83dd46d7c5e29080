// SPDX-License-Identifier: Apache-2.0
// What mosquitto_pub does with one message.

import MQTT

/// What mosquitto_pub does with one message: sends it as often as it is asked to, and leaves.
package final class PublishFlow: ToolFlow {
    private let options: ToolOptions
    private let voice: ToolVoice
    private let payload: [UInt8]
    private let clock: () -> Int64
    private var sender: MessageSender
    /// Messages that are done.
    package private(set) var doneCount = 0
    private var isLeaving = false
    /// When the next one is due.
    package private(set) var deadline: Int64?

    /// Sends a payload as options say.
    ///
    /// - Parameter clock: Milliseconds of a clock that only goes forward.
    package init(
        _ options: ToolOptions,
        payload: [UInt8],
        _ voice: ToolVoice,
        clock: @escaping () -> Int64
    ) {
        self.options = options
        self.payload = payload
        self.voice = voice
        self.clock = clock
        sender = MessageSender(options)
    }

    package func connected(_ connection: any ToolConnection) { send(connection) }

    private func send(_ connection: any ToolConnection) {
        deadline = nil
        let answer = payload.withUnsafeBytes { sender.send($0, connection) }
        if let complaint = MessageSender.complaint(answer) {
            voice.complain(complaint)
            leave(connection)
        }
    }

    package func completed(
        _ connection: any ToolConnection,
        _ packetIdentifier: UInt16,
        _ reason: UInt8,
        _ reasonString: String?
    ) {
        voice.warn(packetIdentifier, reason, reasonString)
        doneCount += 1
        guard doneCount < options.repeatCount else { return leave(connection) }
        let delay = Int64(min(options.repeatDelaySeconds * 1000, 1e15))
        // Also without a delay not from here: the message would be sent within its own completion.
        deadline = clock() + delay
    }

    package func proceed(_ connection: any ToolConnection, now: Int64) {
        if let deadline, now >= deadline { send(connection) }
    }

    private func leave(_ connection: any ToolConnection) {
        guard !isLeaving else { return }
        isLeaving = true
        deadline = nil
        connection.disconnect(
            .normalDisconnection,
            properties: options.properties.disconnect
        )
    }
}

extension ToolVoice {
    /// Says that a broker has refused a message (5.0).
    func warn(_ packetIdentifier: UInt16, _ reason: UInt8, _ reasonString: String?) {
        guard reason >= 128 else { return }
        let text = ToolText.reason(reason)
        complain("Warning: Publish \(packetIdentifier) failed: \(text).")
        if let reasonString { complain(reasonString) }
    }
}
