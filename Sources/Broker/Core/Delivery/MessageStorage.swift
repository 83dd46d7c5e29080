// SPDX-License-Identifier: Apache-2.0
// The object that a message is.

import Inflight

/// The object behind a message; counts itself.
final class MessageStorage: ManagedBuffer<MessageHeader, UInt8> {
    deinit {
        withUnsafeMutablePointers { header, elements in
            StoredMessages.note(
                elements,
                sign: -1,
                payloadCount: Int(header.pointee.payloadCount),
                besideCount: Int(header.pointee.propertiesCount) + Int(header.pointee.topicCount)
            )
        }
    }

    /// The number of the message; 0 for none.
    @inline(__always)
    final var number: MessageNumber {
        withUnsafeMutablePointers { header, elements in
            header.pointee.isNumbered ? Self.number(header, elements) : 0
        }
    }

    @inline(__always)
    private static func number(
        _ header: UnsafeMutablePointer<MessageHeader>,
        _ elements: UnsafeMutablePointer<UInt8>
    ) -> MessageNumber {
        UnsafeRawPointer(elements)
            .loadUnaligned(fromByteOffset: header.pointee.byteCount, as: MessageNumber.self)
    }

    /// Lends the message as a publication; its pointers are valid inside `body` only.
    @inline(__always)
    final func withPublication<Result>(
        _ body: (borrowing UnsafePublication) -> Result
    ) -> Result {
        withUnsafeMutablePointers { header, elements in
            let base = UnsafeRawPointer(elements)
            let topicCount = Int(header.pointee.topicCount)
            let propertiesCount = Int(header.pointee.propertiesCount)
            var publication = UnsafePublication(
                topic: UnsafeRawBufferPointer(start: base, count: topicCount),
                properties: UnsafeRawBufferPointer(
                    start: base + topicCount,
                    count: propertiesCount
                ),
                payload: UnsafeRawBufferPointer(
                    start: base + topicCount + propertiesCount,
                    count: Int(header.pointee.payloadCount)
                ),
                qos: header.pointee.qos,
                isRetained: header.pointee.isRetained,
                expiresAt: header.pointee.expiresAt,
                origin: header.pointee.origin
            )
            if header.pointee.isNumbered { publication.number = Self.number(header, elements) }
            return body(publication)
        }
    }
}
