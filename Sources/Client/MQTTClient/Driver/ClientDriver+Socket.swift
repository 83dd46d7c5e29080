// SPDX-License-Identifier: Apache-2.0
// What lies under a client, for those who wait for its socket themselves.

import Net

extension ClientDriver {
    /// The socket; nil while there is none, or none that is connected.
    package var descriptor: CInt? {
        guard let connection = transport, !connection.isClosed else { return nil }
        return connection.descriptor
    }

    /// Whether the socket is connected; layers may not be open yet.
    package var isTransportOpen: Bool { transport != nil }

    /// The TLS object of OpenSSL; nil where there is none.
    package var tlsObject: OpaquePointer? { transport?.tlsObject }

    private var transport: Connection? { link?.connection ?? opening?.connection }

    /// Writes what there is, as far as the socket takes it.
    ///
    /// With `expectsMore` more will be written in a moment, or `push` be called: the system may wait for that
    /// before it sends a packet.
    package func flush(expectsMore: Bool = false) { link?.flush(expectsMore: expectsMore) }

    /// Nothing more is written in a moment, unlike what `flush` has expected.
    package func push() { link?.push() }
}
