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
    private var indices = IndexTable()
    private(set) var counterMax: UInt64 = 0

    /// How many there are.
    var count: Int { places.count }

    /// The index of a message, new or not.
    mutating func index(of number: MessageNumber) -> UInt32 {
        let hash = Self.hash(number)
        let slot = indices.slot(hash) { places[$0].number == number }
        if let index = indices[slot] { return UInt32(index) }
        places.append(Place(number: number))
        counterMax = max(counterMax, MessageNumbers.counter(of: number))
        return UInt32(indices.add(slot, hash))
    }

    /// The index of a message that was named already.
    func find(_ number: MessageNumber) -> UInt32? {
        let slot = indices.slot(Self.hash(number)) { places[$0].number == number }
        return indices[slot].map { UInt32($0) }
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

    /// Where the search for a message begins.
    ///
    /// Messages mostly come by their counters: eight in a row have slots in a row, which is what the
    /// cache likes. Fibonacci hashing says where the row is.
    private static func hash(_ number: MessageNumber) -> UInt32 {
        let counter = MessageNumbers.counter(of: number)
        let row = (number & ~0x7FF | number & 0xFF) &* 0x9E37_79B9_7F4A_7C15
        return UInt32(truncatingIfNeeded: (row >> 32) << 3 | counter & 7)
    }
}
