// SPDX-License-Identifier: Apache-2.0
// What mosquitto_pub -l does.

import MQTT

/// What mosquitto_pub does with lines: sends each as a message, and leaves when all are done.
///
/// A line that there is no room for stays in the input until there is.
package final class LinesFlow: ToolFlow {
    private let options: ToolOptions
    private let voice: ToolVoice
    private var lines: InputLines
    private var sender: MessageSender
    private var isConnected = false
    private var isLeaving = false
    private var isWaitingForRoom = false
    /// Messages that have been handed to the library.
    package private(set) var sentCount = 0
    /// Messages that are done.
    package private(set) var doneCount = 0

    /// Sends the lines of an input.
    package init(_ options: ToolOptions, _ lines: consuming InputLines, _ voice: ToolVoice) {
        self.options = options
        self.voice = voice
        self.lines = lines
        sender = MessageSender(options)
    }

    package var reconnects: Bool { !isLeaving }

    /// Whether it would take more input now.
    package var wantsInput: Bool {
        isConnected && !isLeaving && !isWaitingForRoom && !lines.isAtEnd
    }

    package func connected(_ connection: any ToolConnection) {
        isConnected = true
        isWaitingForRoom = false
        sender.noteConnected()
        proceed(connection, now: 0)
    }

    /// The connection is gone; it will be made anew.
    package func disconnected() { isConnected = false }

    /// Reads a block of input, which `wantsInput`, and sends what is in it.
    package func readInput(_ connection: any ToolConnection) {
        switch lines.fill() {
        case .read: proceed(connection, now: 0)
        case .wouldBlock: break
        case .failed:
            voice.complain("Error: Unable to read standard input.")
            leave(connection)
        }
    }

    package func proceed(_ connection: any ToolConnection, now: Int64) {
        guard isConnected, !isLeaving else { return }
        isWaitingForRoom = false
        while lines.take({ send($0, connection) }) {}
        if lines.isAtEnd, !lines.hasLine(), doneCount >= sentCount { leave(connection) }
    }

    /// Sends a line; false if it has to wait or cannot be sent.
    private func send(_ line: UnsafeRawBufferPointer, _ connection: any ToolConnection) -> Bool {
        guard !isLeaving else { return false }
        let answer = sender.send(line, connection)
        switch answer {
        case .accepted:
            sentCount += 1
            return true
        case .full, .notConnected:
            isWaitingForRoom = true
            return false
        case .tooLarge, .qosNotSupported, .invalidTopic:
            if let complaint = MessageSender.complaint(answer) { voice.complain(complaint) }
            leave(connection)
            return false
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
        // Not from here: the input is being walked through when a message is done at once.
    }

    /// Several messages at once are done, without any refusal.
    package func completed(count: Int) { doneCount += count }

    private func leave(_ connection: any ToolConnection) {
        guard !isLeaving else { return }
        isLeaving = true
        connection.disconnect(
            .normalDisconnection,
            properties: options.properties.disconnect
        )
    }
}
