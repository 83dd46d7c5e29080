// SPDX-License-Identifier: Apache-2.0
// The clients a helper knows.

import Core
import Isolation
import MQTT
import Net
import Synchronization

/// The clients a helper knows, by the numbers the broker has given them.
final class HelperClients: Sendable {
    private let identities = Mutex<[UInt64: ClientIdentity]>([:])
    private let keeper = HandleKeeper()

    /// The client of a number.
    subscript(_ number: UInt64) -> ClientIdentity? { identities.withLock { $0[number] } }

    /// Takes what the broker tells about a client; one that is known stays the same.
    func add(_ facts: ClientFacts) -> ClientIdentity {
        if let known = self[facts.number] {
            known.subscriptionCount.store(Int(facts.subscriptionCount), ordering: .relaxed)
            ClientRecord.of(known).follow(identifier: facts.identifier, userName: facts.userName)
            return known
        }
        let identity = Self.identity(facts)
        ClientRecord.of(identity).take(number: facts.number)
        return identities.withLock { identities in
            if let known = identities[facts.number] { return known }
            identities[facts.number] = identity
            return identity
        }
    }

    /// The broker says no more about a client; what plugins have of it lives on for a while.
    func remove(_ number: UInt64) {
        guard let identity = identities.withLock({ $0.removeValue(forKey: number) }) else { return }
        keeper.keep(identity)
    }

    private static func identity(_ facts: ClientFacts) -> ClientIdentity {
        ClientIdentity(
            clientIdentifier: facts.identifier,
            userName: facts.userName,
            peer: .text(facts.address ?? "", port: facts.addressPort),
            listener: facts.listenerPort.map {
                .described(port: $0, isWebSocket: facts.isWebSocket)
            },
            version: ProtocolVersion(rawValue: facts.version) ?? .v311,
            keepAliveSeconds: facts.keepAliveSeconds,
            isCleanStart: facts.isCleanStart,
            isBridge: false,
            authenticationMethod: nil
        )
    }
}
