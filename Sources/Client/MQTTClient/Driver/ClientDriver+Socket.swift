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
    package func flush() { link?.connection?.flush() }
}
