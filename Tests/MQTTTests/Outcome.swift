// SPDX-License-Identifier: Apache-2.0
// What decoding came to.

import MQTT

/// What decoding came to.
enum Outcome: Equatable {
    case accepted
    case close
    case code(UInt8)
    case connackV3(UInt8)

    /// Runs a decoder that answers with DISCONNECT.
    init(_ decode: () throws(PacketError) -> Void) {
        do throws(PacketError) {
            try decode()
            self = .accepted
        } catch {
            self = error.reason.map { .code($0.rawValue) } ?? .close
        }
    }

    /// Runs the decoder of CONNECT.
    init(connect body: [UInt8], flags: UInt8 = 0, limits: ConnectLimits = ConnectLimits()) {
        do throws(ConnectError) {
            _ = try ConnectPacket(decoding: body.rawBytes, flags: flags, limits: limits)
            self = .accepted
        } catch {
            switch error.answer {
            case .close: self = .close
            case .connackV3(let code): self = .connackV3(code.rawValue)
            case .connackV5(let code): self = .code(code.rawValue)
            }
        }
    }

    /// Decodes a PUBLISH.
    init(publish body: [UInt8], flags: UInt8, _ version: ProtocolVersion) {
        self.init { () throws(PacketError) in
            _ = try PublishPacket(decoding: body.rawBytes, flags: flags, version: version)
        }
    }

    /// Decodes an acknowledgment.
    init(ack body: [UInt8], _ type: PacketType, _ version: ProtocolVersion) {
        self.init { () throws(PacketError) in
            _ = try AckPacket(decoding: body.rawBytes, type: type, version: version)
        }
    }

    /// Decodes a SUBSCRIBE with all its filters.
    init(subscribe body: [UInt8], _ version: ProtocolVersion) {
        self.init { () throws(PacketError) in
            let packet = try SubscribePacket(decoding: body.rawBytes, version: version)
            _ = try packet.filters(in: body.rawBytes)
        }
    }

    /// Decodes an UNSUBSCRIBE with all its filters.
    init(unsubscribe body: [UInt8], _ version: ProtocolVersion) {
        self.init { () throws(PacketError) in
            let packet = try UnsubscribePacket(decoding: body.rawBytes, version: version)
            _ = try packet.filters(in: body.rawBytes)
        }
    }

    /// Decodes a DISCONNECT.
    init(disconnect body: [UInt8], _ version: ProtocolVersion) {
        self.init { () throws(PacketError) in
            _ = try DisconnectPacket(decoding: body.rawBytes, version: version)
        }
    }

    /// Decodes an AUTH.
    init(auth body: [UInt8], receiver: PacketReceiver = .broker) {
        self.init { () throws(PacketError) in
            _ = try AuthPacket(decoding: body.rawBytes, receiver: receiver)
        }
    }
}
