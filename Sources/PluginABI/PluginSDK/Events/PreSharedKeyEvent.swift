// SPDX-License-Identifier: Apache-2.0
// A handshake needs a pre-shared key.

internal import CMosquitto

/// The decision about a pre-shared key.
public enum PreSharedKeyAnswer: Sendable, Equatable {
    /// The key in hexadecimal digits.
    case key(String)
    /// Unknown here: leave it to the others.
    case pass
    /// No key: the handshake fails.
    case deny
}

/// A TLS-PSK handshake needs the key of an identity.
public struct PreSharedKeyEvent: PluginEvent, ~Copyable {
    /// The client, which has no name yet.
    public let client: Client
    private let data: UnsafeMutablePointer<mosquitto_evt_psk_key>

    /// The listener's hint.
    public var hint: String { data.pointee.hint.map { String(cString: $0) } ?? "" }
    /// The identity the client claims.
    public var identity: String { data.pointee.identity.map { String(cString: $0) } ?? "" }

    /// Leaves the decision to others.
    public static var neutralResult: Int32 { ResultCode.pluginDefer.rawValue }

    /// Runs a closure; one that throws, or gives a key too long for TLS, makes the handshake fail.
    public static func deliver(
        _ data: UnsafeMutableRawPointer,
        number: Int32,
        broker: Broker,
        to body: (inout Self) throws -> PreSharedKeyAnswer
    ) -> Int32 {
        let data = data.assumingMemoryBound(to: mosquitto_evt_psk_key.self)
        var event = Self(
            client: Client(raw: data.pointee.client, host: broker.hostFunctions),
            data: data
        )
        do {
            switch try body(&event) {
            case .key(let hex):
                let length = hex.utf8.count
                guard length <= Int(data.pointee.max_key_len), let key = data.pointee.key else {
                    break
                }
                hex.withCString { source in
                    UnsafeMutableRawPointer(key).copyMemory(from: source, byteCount: length + 1)
                }
                return ResultCode.success.rawValue
            case .pass: return neutralResult
            case .deny: break
            }
        } catch {
            broker.report(error, in: "psk-key")
        }
        return ResultCode.notAuthorized.rawValue
    }
}
