// SPDX-License-Identifier: Apache-2.0
// An MQTT 5.0 client of bytes, as small as the tests need.

import Glibc

/// What goes wrong between a test and a broker.
enum RawClientError: Error {
    case connection(CInt)
    case closed
    case unexpected([UInt8])
}

/// Speaks MQTT 5.0 over a blocking socket with a time limit.
final class RawClient {
    /// A packet taken apart as far as authentication and acknowledgement go.
    struct Packet: Equatable {
        let type: UInt8
        let body: [UInt8]
    }

    private let descriptor: CInt

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw RawClientError.connection(errno) }
    }

    deinit { close(descriptor) }

    // MARK: - Packets

    /// Sends CONNECT.
    func sendConnect(
        id: String,
        username: String? = nil,
        password: String? = nil,
        method: String? = nil,
        data: String? = nil
    ) {
        var flags: UInt8 = 0x02
        if username != nil { flags |= 0x80 }
        if password != nil { flags |= 0x40 }
        var properties: [UInt8] = []
        if let method { properties += [0x15] + Self.string(method) }
        if let data { properties += [0x16] + Self.string(data) }
        var body = Self.string("MQTT") + [5, flags, 0, 60]
        body += Self.length(properties.count) + properties + Self.string(id)
        for text in [username, password] { if let text { body += Self.string(text) } }
        send(0x10, body)
    }

    /// Connects and returns the reason code.
    func connect(id: String, username: String? = nil, password: String? = nil) throws -> UInt8 {
        sendConnect(id: id, username: username, password: password)
        let packet = try receive()
        guard packet.type == 0x20, packet.body.count > 1 else {
            throw RawClientError.unexpected(packet.body)
        }
        return packet.body[1]
    }

    /// Publishes with QoS 1 and returns the reason code.
    func publish(_ topic: String, _ text: String) throws -> UInt8 {
        send(0x32, Self.string(topic) + [0, 1, 0] + Array(text.utf8))
        while true {
            let packet = try receive()
            if packet.type == 0x40 { return packet.body.count > 2 ? packet.body[2] : 0 }
        }
    }

    /// Subscribes with QoS 0 and returns the reason code.
    func subscribe(_ filter: String) throws -> UInt8 {
        send(0x82, [0, 2, 0] + Self.string(filter) + [0])
        let packet = try receive()
        guard packet.type == 0x90, let code = packet.body.last else {
            throw RawClientError.unexpected(packet.body)
        }
        return code
    }

    /// Waits for a QoS 0 message.
    func message() throws -> String {
        let packet = try receive()
        guard packet.type & 0xF6 == 0x30 else { throw RawClientError.unexpected(packet.body) }
        let end = 2 + Int(packet.body[0]) << 8 + Int(packet.body[1])
        let topic = String(decoding: packet.body[2..<end], as: UTF8.self)
        let start = end + 1 + Int(packet.body[end])
        return topic + " " + String(decoding: packet.body[start...], as: UTF8.self)
    }

    /// Sends AUTH.
    func sendAuth(_ reason: UInt8, method: String, data: String) {
        let properties = [0x15] + Self.string(method) + [0x16] + Self.string(data)
        send(0xF0, [reason] + Self.length(properties.count) + properties)
    }

    func send(_ type: UInt8, _ body: [UInt8]) {
        let packet = [type] + Self.length(body.count) + body
        _ = Glibc.send(descriptor, packet, packet.count, Int32(MSG_NOSIGNAL))
    }

    /// Waits for a packet.
    func receive() throws -> Packet {
        let type = try read(1)[0]
        var count = 0
        for shift in [0, 7, 14, 21] {
            let byte = try read(1)[0]
            count |= Int(byte & 0x7F) << shift
            if byte & 0x80 == 0 { break }
        }
        return Packet(type: type, body: try read(count))
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var buffer = [UInt8](repeating: 0, count: count - bytes.count)
            let received = recv(descriptor, &buffer, buffer.count, 0)
            guard received > 0 else { throw RawClientError.closed }
            bytes += buffer.prefix(received)
        }
        return bytes
    }

    // MARK: - Encoding

    private static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
    }

    private static func length(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = count
        repeat {
            bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return bytes
    }
}

extension RawClient.Packet {
    /// The authentication data (0x16) among properties that start at an offset.
    func authenticationData(from offset: Int) -> String? {
        var cursor = offset + 1
        let end = min(body.count, cursor + Int(body[offset]))
        while cursor < end {
            let identifier = body[cursor]
            cursor += 1
            switch identifier {
            case 0x15, 0x16, 0x12, 0x1A, 0x1C, 0x1F:
                let count = Int(body[cursor]) << 8 + Int(body[cursor + 1])
                let range = (cursor + 2)..<(cursor + 2 + count)
                if identifier == 0x16 { return String(decoding: body[range], as: UTF8.self) }
                cursor = range.upperBound
            case 0x13, 0x21, 0x22: cursor += 2
            case 0x11, 0x27: cursor += 4
            default: cursor += 1
            }
        }
        return nil
    }
}
