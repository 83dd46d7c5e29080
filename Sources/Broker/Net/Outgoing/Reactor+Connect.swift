// SPDX-License-Identifier: Apache-2.0
// Outgoing connections of a reactor.

import CLinux
import Glibc

extension Reactor {
    /// Begins an outgoing connection; `handler`, which is not kept alive, hears of its end.
    ///
    /// Never blocks, and never calls the handler from here.
    package func connect(
        _ plan: OutgoingPlan,
        by resolver: NameResolver,
        for handler: any OutgoingHandler
    ) -> OutgoingConnection {
        let number = outgoing.nextNumber()
        let connection = OutgoingConnection(number, plan, handler, self)
        outgoing.add(connection)
        let inbox = outgoing.inbox
        switch plan.target {
        case .unix(let path):
            let address = SocketAddress(path: path)
            inbox.put(
                LookupOutcome(
                    number: number,
                    result: address.map { .success(NameAnswer(addresses: [$0])) }
                        ?? .failure(NameFailure("'\(path)' is no path of a socket"))
                )
            )
        case .host(let host, let port):
            let query = NameQuery(
                host: plan.proxy?.host ?? host,
                port: plan.proxy?.port ?? port,
                bindAddress: plan.bindAddress
            )
            if let answer = resolver.answerAtOnce(query) {
                inbox.put(LookupOutcome(number: number, result: .success(answer)))
                return connection
            }
            let deadline = Clock.monotonicMilliseconds() + plan.stepTimeout
            let isAsked = resolver.resolve(query, until: deadline) { result in
                inbox.put(LookupOutcome(number: number, result: result))
            }
            if !isAsked {
                inbox.put(LookupOutcome(number: number, result: .failure(.busy)))
            }
        }
        return connection
    }

    /// Watches a socket that is being connected.
    func watch(_ attempt: OutgoingAttempt) throws(SystemError) {
        let slot = sources.add(.attempt(attempt))
        do {
            try add(attempt.descriptor, slot: slot, interest: Self.writable)
            attempt.slot = slot
        } catch {
            sources.remove(slot)
            throw error
        }
    }

    /// Watches it no longer.
    func unwatch(_ attempt: OutgoingAttempt) {
        guard let slot = attempt.slot else { return }
        attempt.slot = nil
        forget(descriptor: attempt.descriptor)
        sources.remove(slot)
    }
}
