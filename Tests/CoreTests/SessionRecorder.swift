// SPDX-License-Identifier: Apache-2.0
// A listener that puts together what it is told of a session.

import Inflight
import MQTT
import Net
import Testing
import Topics

@testable import Core

/// Applies what it is told to an image.
final class SessionRecorder: SessionListener {
    var image = SessionImage(clientIdentifier: "", expiryInterval: 0)
    var isListening = true
    private var messages: [Message] = []
    private var numbers: [ObjectIdentifier: MessageNumber] = [:]

    func number(of message: Message) -> MessageNumber {
        if let number = numbers[ObjectIdentifier(message.storage)] { return number }
        messages.append(message)
        numbers[ObjectIdentifier(message.storage)] = MessageNumber(messages.count)
        return MessageNumber(messages.count)
    }

    func message(_ number: MessageNumber) -> Message? {
        number > 0 && number <= messages.count ? messages[Int(number) - 1] : nil
    }

    func session(_ session: Session, changed change: SessionChange) {
        guard isListening else { return }
        let isApplied = image.apply(change)
        #expect(isApplied, "\(change) fits")
    }
}
