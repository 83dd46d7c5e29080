// SPDX-License-Identifier: Apache-2.0
// Certificates for the tests, made when they run.

import Foundation

/// A directory with authorities, servers, clients and revocation lists.
///
/// ```
/// root.crt ─► intermediate ─► server.crt (chain), server2.crt (chain), client.crt, expired.crt,
///                             future.crt, revoked.crt, server-usage.crt
/// other.crt ─► stranger.crt
/// ca.crt = root + intermediate; ca-other.crt = other; all.crt = all three
/// crl.pem: revoked.crt; crl-more.pem: revoked.crt and client.crt
/// ```
package final class Certificates: Sendable {
    /// Where they are.
    package let directory: String

    /// Made once for all tests of the process.
    package static let shared = Result { try Certificates() }

    /// The path of a file.
    package func path(_ name: String) -> String { directory + "/" + name }

    private init() throws {
        directory = try Broker.makeDirectory()
        let script = Broker.packageRoot + "/Tests/TransportTests/Scripts/certificates.sh"
        let outcome = try ChildProcess.run("/bin/bash", [script, directory], seconds: 60)
        guard outcome.status == 0 else { throw Mismatch("certificates.sh:\n\(outcome.errors)") }
        let directory = directory
        Self.directories.withLock { $0.append(directory) }
        atexit {
            for path in Certificates.directories.withLock({ $0 }) {
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }

    private static let directories = LockedList()

    /// A client's options: trusts the right authority.
    package var client: ClientTLS { ClientTLS(authorities: path("root.crt")) }

    /// A client with a certificate of this name.
    package func client(_ name: String) -> ClientTLS {
        var options = client
        options.certificate = (path("\(name).crt"), path("\(name).key"))
        return options
    }
}

/// Paths that are removed at exit.
final class LockedList: @unchecked Sendable {
    // `@unchecked Sendable`: `list` is only touched with `lock` held.
    private let lock = NSLock()
    private var list: [String] = []

    func withLock<Result>(_ body: (inout [String]) -> Result) -> Result {
        lock.withLock { body(&list) }
    }
}
