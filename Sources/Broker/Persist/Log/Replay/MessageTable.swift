// SPDX-License-Identifier: Apache-2.0
// The messages of a log that is read.

import Inflight

/// Messages by number; each has an index, by which sessions name it.
///
/// What is named before it comes, or never comes, has an index too. Nothing is copied: a message is
/// where it stands in the log, which must stay in memory.
struct MessageTable {
    /// Where a message stands, in 56 bytes.
    private struct Place {
        let number: MessageNumber
        /// Where its topic begins; nil while it has not come.
        private var topic: UnsafeRawPointer?
        private var expiresAt: Int64 = 0
        private var publisher: SessionNumber = 0
        /// Bytes from the topic's beginning: a frame has fewer than 4 GiB.
        private var propertiesOffset: UInt32 = 0
        private var payloadOffset: UInt32 = 0
        private var propertiesCount: UInt32 = 0
        private var payloadCount: UInt32 = 0
        private var topicCount: UInt16 = 0
        private var qos: UInt8 = 0
        private var isRetained = false

        init(number: MessageNumber) { self.number = number }

        var isDefined: Bool { topic != nil }

        /// The message, if it has come.
        var message: UnsafeLogMessage? {
            guard let topic else { return nil }
            return UnsafeLogMessage(
                number: number,
                topic: UnsafeRawBufferPointer(start: topic, count: Int(topicCount)),
                properties: UnsafeRawBufferPointer(
                    start: topic + Int(propertiesOffset),
                    count: Int(propertiesCount)
                ),
                payload: UnsafeRawBufferPointer(
                    start: topic + Int(payloadOffset),
                    count: Int(payloadCount)
                ),
                qos: qos,
                isRetained: isRetained,
                expiresAt: expiresAt,
                publisher: publisher
            )
        }

        /// It has come; its parts lie behind each other in one frame.
        mutating func define(_ message: UnsafeLogMessage) {
            guard let topic = message.topic.baseAddress,
                let properties = message.properties.baseAddress,
                let payload = message.payload.baseAddress
            else { return }
            self.topic = topic
            topicCount = UInt16(message.topic.count)
            propertiesOffset = UInt32(properties - topic)
            propertiesCount = UInt32(message.properties.count)
            payloadOffset = UInt32(payload - topic)
            payloadCount = UInt32(message.payload.count)
            qos = message.qos
            isRetained = message.isRetained
            expiresAt = message.expiresAt
            publisher = message.publisher
        }
    }

    private var places: [Place] = []
    /// Open addressing: one more than an index, 0 for none; a power of two, at most half full.
    private var slots = [UInt32](repeating: 0, count: 1024)
    private(set) var counterMax: UInt64 = 0

    /// How many there are.
    var count: Int { places.count }

    /// The index of a message, new or not.
    mutating func index(of number: MessageNumber) -> UInt32 {
        let slot = slot(of: number)
        if slots[slot] != 0 { return slots[slot] - 1 }
        let index = UInt32(places.count)
        precondition(index < UInt32.max / 2, "a log has fewer messages than there are indices")
        places.append(Place(number: number))
        slots[slot] = index + 1
        counterMax = max(counterMax, MessageNumbers.counter(of: number))
        if places.count * 2 > slots.count { grow() }
        return index
    }

    /// The index of a message that was named already.
    func find(_ number: MessageNumber) -> UInt32? {
        let slot = slot(of: number)
        return slots[slot] == 0 ? nil : slots[slot] - 1
    }

    /// Takes a message in, unless it is there already.
    mutating func define(_ message: UnsafeLogMessage) -> UInt32 {
        let index = index(of: message.number)
        if !places[Int(index)].isDefined { places[Int(index)].define(message) }
        return index
    }

    /// The message with an index; nil if it has not come.
    subscript(index: UInt32) -> UnsafeLogMessage? { places[Int(index)].message }

    /// The number of the message with an index.
    func number(_ index: UInt32) -> MessageNumber { places[Int(index)].number }

    private func slot(of number: MessageNumber) -> Int {
        let mask = slots.count - 1
        // Messages mostly come by their counters: eight in a row have slots in a row, which is what
        // the cache likes. Fibonacci hashing says where the row is.
        let counter = MessageNumbers.counter(of: number)
        let row = (number & ~0x7FF | number & 0xFF) &* 0x9E37_79B9_7F4A_7C15
        var slot = Int(truncatingIfNeeded: (row >> 32) << 3 | counter & 7) & mask
        while slots[slot] != 0, places[Int(slots[slot] - 1)].number != number {
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        for index in places.indices {
            slots[slot(of: places[index].number)] = UInt32(index) + 1
        }
    }
}
