// SPDX-License-Identifier: Apache-2.0
// What a program is to be told.

import CMosquitto
import CommonLibrary
import Glibc

/// Something that has happened, until the program has been told; it owns what it points to.
enum Notice {
    /// CONNACK.
    case connected(code: CInt, flags: CInt, properties: OpaquePointer?)
    /// The connection has ended.
    case disconnected(code: CInt, properties: OpaquePointer?)
    /// A message is out.
    case published(mid: CInt, code: CInt, properties: OpaquePointer?)
    /// A message has come.
    case message(UnsafeMutablePointer<mosquitto_message>, properties: OpaquePointer?)
    /// SUBACK.
    case subscribed(mid: CInt, [CInt], properties: OpaquePointer?)
    /// UNSUBACK.
    case unsubscribed(mid: CInt, [CInt], properties: OpaquePointer?)
    /// The server asks for a step of extended authentication.
    case challenged(method: String, data: [UInt8], properties: OpaquePointer?)
    /// A line of the log.
    case log(level: CInt, String)

    /// Frees what the notice owns.
    func free() {
        switch self {
        case .connected(_, _, let list), .disconnected(_, let list), .published(_, _, let list),
            .subscribed(_, _, let list), .unsubscribed(_, _, let list),
            .challenged(_, _, let list):
            Self.free(list)
        case .message(let message, let list):
            var message: UnsafeMutablePointer<mosquitto_message>? = message
            mosquitto_message_free(&message)
            Self.free(list)
        case .log: break
        }
    }

    private static func free(_ list: OpaquePointer?) {
        guard list != nil else { return }
        var list = list
        mosquitto_property_free_all(&list)
    }

    /// A message of the malloc family, with a NUL byte behind its payload; nil when memory is short.
    static func makeMessage(
        mid: UInt16,
        topic: UnsafeRawBufferPointer,
        payload: UnsafeRawBufferPointer,
        qos: UInt8,
        isRetained: Bool
    ) -> UnsafeMutablePointer<mosquitto_message>? {
        let size = MemoryLayout<mosquitto_message>.size
        guard let block = calloc(1, size) else { return nil }
        let message = block.bindMemory(to: mosquitto_message.self, capacity: 1)
        message.pointee.mid = CInt(mid)
        message.pointee.topic = copy(topic)
        message.pointee.payload = payload.isEmpty ? nil : UnsafeMutableRawPointer(copy(payload))
        message.pointee.payloadlen = CInt(payload.count)
        message.pointee.qos = CInt(qos)
        message.pointee.retain = isRetained
        if message.pointee.topic == nil || (message.pointee.payload == nil && !payload.isEmpty) {
            var failed: UnsafeMutablePointer<mosquitto_message>? = message
            mosquitto_message_free(&failed)
            return nil
        }
        return message
    }

    /// A copy with a NUL byte behind it.
    private static func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutablePointer<CChar>? {
        guard let block = malloc(bytes.count + 1) else { return nil }
        if let start = bytes.baseAddress { block.copyMemory(from: start, byteCount: bytes.count) }
        block.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
        return block.assumingMemoryBound(to: CChar.self)
    }
}
