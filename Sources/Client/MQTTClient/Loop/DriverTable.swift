// SPDX-License-Identifier: Apache-2.0
// The clients of a reactor, as it calls them.

import Net

/// The clients of a reactor.
final class DriverTable: ReactorDelegate {
    private var drivers: [ClientDriver] = []
    /// Called when another thread has woken the reactor.
    var woken: (() -> Void)?

    /// A client lives here.
    func add(_ driver: ClientDriver) { drivers.append(driver) }

    /// It does no longer.
    func remove(_ driver: ClientDriver) { drivers.removeAll { $0 === driver } }

    /// Every client.
    var all: [ClientDriver] { drivers }

    func reactorWoken(_ reactor: Reactor) { woken?() }

    func reactorTurnEnding(_ reactor: Reactor) {
        for driver in drivers { driver.proceed() }
    }

    func reactorNextDeadline(_ reactor: Reactor) -> Int64? {
        var deadline: Int64?
        for driver in drivers {
            guard let next = driver.deadline else { continue }
            deadline = min(deadline ?? .max, next)
        }
        return deadline
    }

    func reactor(
        _ reactor: Reactor,
        accepted descriptor: consuming OwnedDescriptor,
        from peer: PeerAddress,
        on listener: ListenerSocket
    ) {
        assertionFailure("clients listen to nobody")
    }

    func reactor(_ reactor: Reactor, descriptorsExhausted isExhausted: Bool) {}
}
