// SPDX-License-Identifier: Apache-2.0
// An application message that outlives the packet it came in.

package import Inflight
import MQTT
import TopicRules

/// An immutable application message, shared by everything that has yet to deliver it.
///
/// ```
/// | object header | MessageHeader | topic … | forwarded properties … | payload … | number |
/// ```
/// Only a message that the session log has ends in a number.
///
/// The header is read through its address, which needs no check for exclusive access. One
/// allocation. Safe to share between threads, hence `@unchecked Sendable`: nothing is written after
/// `make` returns.
package struct Message: @unchecked Sendable {
    /// The object that is shared; the retained store keeps it.
    let storage: MessageStorage

    /// The message whose storage the retained store has given back.
    init(_ storage: AnyObject) {
        self.storage = unsafeDowncast(storage, to: MessageStorage.self)
    }

    /// Copies a borrowed publication.
    ///
    /// Whoever lengthens a topic has asked `TopicRules.mayGrow`; payload and properties came in a
    /// packet, or from a plugin whose lengths are 32-bit numbers.
    package static func make(_ publication: borrowing UnsafePublication) -> Message {
        // Twice, so that a message without number costs nothing for it.
        publication.number == 0
            ? make(publication, numberSize: 0)
            : make(publication, numberSize: MemoryLayout<MessageNumber>.size)
    }

    @inline(__always)
    private static func make(
        _ publication: borrowing UnsafePublication,
        numberSize: Int
    ) -> Message {
        let topic = publication.topic
        let properties = publication.properties
        let payload = publication.payload
        let besideCount = topic.count + properties.count
        // One comparison for the three, on the way of every message that is kept.
        precondition(
            topic.count <= TopicRules.lengthMax && (besideCount | payload.count) <= Int(UInt32.max),
            "a topic that grew fits a packet; payload and properties have 32-bit lengths"
        )
        let header = MessageHeader(publication, isNumbered: numberSize > 0)
        let number = publication.number
        let size = besideCount + payload.count + numberSize
        let storage = MessageStorage.create(minimumCapacity: size) { _ in header }
        storage.withUnsafeMutablePointerToElements { elements in
            let base = UnsafeMutableRawPointer(elements)
            StoredMessages.note(
                base,
                sign: 1,
                payloadCount: payload.count,
                besideCount: besideCount
            )
            copy(topic, to: base)
            copy(properties, to: base + topic.count)
            copy(payload, to: base + besideCount)
            if numberSize > 0 {
                (base + besideCount + payload.count)
                    .storeBytes(of: number, as: MessageNumber.self)
            }
        }
        return Message(storage)
    }

    private static func copy(_ bytes: UnsafeRawBufferPointer, to place: UnsafeMutableRawPointer) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        place.copyMemory(from: base, byteCount: bytes.count)
    }

    /// Who published it; nil for the broker itself.
    package var origin: ClientIdentity? {
        storage.withUnsafeMutablePointerToHeader { $0.pointee.origin }
    }

    /// QoS it was published with.
    package var qos: UInt8 { storage.withUnsafeMutablePointerToHeader { $0.pointee.qos } }

    /// The number under which the session log has it; 0 when it has not.
    package var number: MessageNumber { storage.number }

    /// The retain flag it was published with.
    package var isRetained: Bool {
        storage.withUnsafeMutablePointerToHeader { $0.pointee.isRetained }
    }

    /// Bytes of the application message itself.
    package var payloadCount: Int {
        storage.withUnsafeMutablePointerToHeader { Int($0.pointee.payloadCount) }
    }

    /// Its `Expiry`.
    package var expiresAt: Int64 {
        storage.withUnsafeMutablePointerToHeader { $0.pointee.expiresAt }
    }

    /// Whether the message expiry interval has passed at `second` of the reactor clock.
    func isExpired(at second: Int64) -> Bool {
        Expiry.hasPassed(expiresAt, at: second)
    }

    /// Whether another message has the same topic and payload.
    func isSame(as other: Message) -> Bool {
        withPublication { mine in
            other.withPublication { theirs in
                mine.topic.elementsEqual(theirs.topic) && mine.payload.elementsEqual(theirs.payload)
            }
        }
    }

    /// Lends the message as a publication; its pointers are valid inside `body` only.
    package func withPublication<Result>(_ body: (borrowing UnsafePublication) -> Result) -> Result
    {
        storage.withPublication(body)
    }
}
