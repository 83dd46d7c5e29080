// SPDX-License-Identifier: Apache-2.0
// A proxy on the way to the server.

/// A SOCKS 5 proxy, which looks the server's name up itself.
public struct MQTTProxy: Sendable, Hashable {
    /// The proxy's host name or address.
    public var host: String
    /// Its port.
    public var port: UInt16
    /// Who asks; nil for nobody in particular.
    public var userName: String?
    /// The password that goes with the name.
    public var password: String?

    /// Names a proxy.
    public init(
        host: String,
        port: UInt16 = 1080,
        userName: String? = nil,
        password: String? = nil
    ) {
        self.host = host
        self.port = port
        self.userName = userName
        self.password = password
    }
}
