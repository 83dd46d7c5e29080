// SPDX-License-Identifier: Apache-2.0
// A client as a callback sees it.

internal import COpenSSL
internal import Glibc

/// Recognises one connection of one client between callbacks.
///
/// Equal keys mean the same connection only while that connection lasts; memory of ended ones is used again.
public struct ClientKey: Hashable, Sendable {
    private let address: UInt

    init(_ raw: OpaquePointer?) {
        address = UInt(bitPattern: raw)
    }

    /// Makes a key from any number, for tests of what a plugin keeps by client.
    public init(testing number: UInt) {
        address = number
    }
}

/// How a client is connected.
public enum ClientTransport: Int32, Sendable {
    /// MQTT over TCP, TLS or a unix socket.
    case mqtt = 0
    /// MQTT-SN.
    case mqttSN = 1
    /// MQTT over WebSocket.
    case webSocket = 2
    /// The HTTP interface of 2.1.
    case http = 3
}

/// A client, valid during the callback that shows it; the compiler does not let it out.
///
/// Texts are repaired to valid Unicode where a broker let other bytes through. Swift compares strings by
/// canonical equivalence; compare `idBytes` where identity is a matter of security.
public struct Client: ~Copyable {
    private let raw: OpaquePointer?
    /// Lives as long as the process; copying all of them for each event would cost more than using one.
    private let functions: UnsafePointer<HostFunctions>
    private var host: HostFunctions { _read { yield functions.pointee } }

    init(raw: OpaquePointer?, host: UnsafePointer<HostFunctions>) {
        self.raw = raw
        functions = host
    }

    /// Recognises this connection in later callbacks.
    public var key: ClientKey { ClientKey(raw) }

    /// The client identifier; `nil` during a TLS-PSK handshake.
    public var id: String? { text(host.clientID) }
    /// The client identifier as bytes; empty if there is none.
    public var idBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: raw == nil ? nil : host.clientID(raw))
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The user name; `nil` for an anonymous client.
    public var username: String? { text(host.clientUsername) }
    /// Whether the client has a user name.
    public var hasUsername: Bool { raw != nil && host.clientUsername(raw) != nil }
    /// The user name as bytes; empty if there is none.
    public var usernameBytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            let span = bytes(of: raw == nil ? nil : host.clientUsername(raw))
            return _overrideLifetime(span, borrowing: self)
        }
    }
    /// The address of the peer.
    public var address: String? { text(host.clientAddress) }
    /// What `address` tells about the party behind it: the address, or the first 64 bits of one of IPv6.
    package var network: [UInt8] { Network.name(of: address ?? "") }
    /// The port of the listener it came in by; `nil` in brokers older than 2.1.
    public var listenerPort: Int? { raw == nil ? nil : host.clientPort.map { Int($0(raw)) } }
    /// Keep alive in seconds.
    public var keepAliveSeconds: Int { raw == nil ? 0 : Int(host.clientKeepAlive(raw)) }
    /// Whether the client asked for a clean start.
    public var isCleanStart: Bool { raw == nil || host.clientCleanSession(raw) }
    /// How the client is connected.
    public var transport: ClientTransport {
        (raw == nil ? nil : ClientTransport(rawValue: host.clientProtocol(raw))) ?? .mqtt
    }
    /// 3 for MQTT 3.1, 4 for 3.1.1, 5 for 5.0.
    public var protocolVersion: Int { raw == nil ? 0 : Int(host.clientProtocolVersion(raw)) }
    /// The number of subscriptions.
    public var subscriptionCount: Int { raw == nil ? 0 : Int(host.clientSubscriptionCount(raw)) }

    /// The certificate the client proved its identity with, in DER; `nil` without TLS or certificate.
    public var certificateDER: [UInt8]? {
        guard raw != nil, let certificate = host.clientCertificate(raw) else { return nil }
        defer { X509_free(certificate) }
        let length = i2d_X509(certificate, nil)
        guard length > 0 else { return nil }
        return [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
            var cursor = buffer.baseAddress
            count = Int(max(0, i2d_X509(certificate, &cursor)))
        }
    }

    /// The channel binding `tls-exporter` (RFC 9266) of a client that connects with an authentication method over
    /// TLS 1.3; `nil` otherwise, and always in the original broker.
    public var tlsExporterBinding: [UInt8]? {
        guard raw != nil, let export = host.clientTLSExporter else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        return export(raw, &bytes) == 0 ? bytes : nil
    }

    /// Gives the client another user name, or takes it away; later checks see it.
    public func setUsername(_ username: String?) throws(BrokerError) {
        let code = username.withOptionalCString { host.setUsername(raw, $0) }
        try ResultCode(rawValue: code).check("Setting a user name")
    }

    /// Gives the client another identifier; only during authentication.
    ///
    /// Brokers since 2.1.
    public func setID(_ id: String) throws(BrokerError) {
        guard let setClientID = host.setClientID else {
            throw BrokerError(.notSupported, "Setting a client identifier")
        }
        try ResultCode(rawValue: id.withCString { setClientID(raw, $0) }).check(
            "Setting a client identifier"
        )
    }

    private func text(_ read: HostFunctions.ClientText) -> String? {
        raw == nil ? nil : read(raw).map { String(cString: $0) }
    }

}

/// The bytes of a C string; the caller ties the span to what keeps the string alive.
@_lifetime(immortal)
func bytes(of text: UnsafePointer<CChar>?) -> Span<UInt8> {
    guard let text else { return Span() }
    let start = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
    let span = Span(_unsafeStart: start, count: strlen(text))
    return _overrideLifetime(span, borrowing: ())
}

/// `count` bytes at `start`; the caller ties the span to what keeps them alive.
@_lifetime(immortal)
func bytes(at start: UnsafeRawPointer?, count: Int) -> Span<UInt8> {
    guard let start, count > 0 else { return Span() }
    let span = Span(_unsafeStart: start.assumingMemoryBound(to: UInt8.self), count: count)
    return _overrideLifetime(span, borrowing: ())
}
