// SPDX-License-Identifier: Apache-2.0
// How the network calls up.

/// Why a connection ended without the handler asking for it.
package enum ConnectionEnd: Sendable, Equatable {
    /// The peer closed it, orderly or by reset.
    case closedByPeer
    /// A system call failed; the value of `errno`.
    case failed(CInt)
    /// A layer between the socket and the packets gave the connection up.
    case refused(TransportError)
}

/// Why TLS, WebSocket or the PROXY protocol gave a connection up.
package enum TransportError: Sendable, Equatable {
    /// The peers did not agree on a TLS connection.
    case handshake(TLSFailure)
    /// Something was wrong with an established TLS connection; OpenSSL's words.
    case tls(String)
    /// Not a WebSocket, or one that broke a rule.
    case webSocket(String)
    /// The PROXY header was missing, wrong, or says that the client must not come in.
    case proxy(ProxyHeader.Failure)
}

/// What a connection serves: gets its bytes and its end, once per wake-up.
///
/// Called on the reactor.
package protocol ConnectionHandler: AnyObject {
    /// Bytes have arrived.
    ///
    /// `bytes` begins where the last call's result left off and is valid during the call only.
    /// Returns how many were consumed; the rest comes again with what follows it.
    func connection(_ connection: Connection, received bytes: UnsafeRawBufferPointer) -> Int

    /// The connection is gone; nothing more will be called.
    func connection(_ connection: Connection, ended end: ConnectionEnd)

    /// The deadline set with `setDeadline` has passed.
    func connectionTimedOut(_ connection: Connection)

    /// All output has been written after a time in which the socket took no more.
    ///
    /// Never called from within a call of the handler's own.
    func connectionDrained(_ connection: Connection)

    /// There is no memory for the beginning of a packet; the connection ends after this call.
    func connectionLacksMemory(_ connection: Connection)

    /// TLS and WebSocket are open on a connection to a server.
    func connectionOpened(_ connection: Connection)

    /// What the output is made of; nil where nothing is counted.
    var outputUnits: OutputUnits? { get }
}

extension ConnectionHandler {
    package func connectionLacksMemory(_ connection: Connection) {}

    package func connectionOpened(_ connection: Connection) {}

    package var outputUnits: OutputUnits? { nil }
}
