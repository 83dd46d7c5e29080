// SPDX-License-Identifier: Apache-2.0
// The clients of a reactor, as it calls them.

import Net

/// The clients of a reactor.
final class DriverTable: ReactorDelegate {
    private var drivers: [ClientDriver] = []
    /// Called when another thread has woken the reactor, and before a turn ends.
    var woken: (() -> Void)?
    /// Whether it is to be called again before the reactor sleeps.
    var mustCallAgain: (() -> Bool)?

    /// A client lives here.
    func add(_ driver: ClientDriver) { drivers.append(driver) }

    /// It does no longer.
    func remove(_ driver: ClientDriver) { drivers.removeAll { $0 === driver } }

    /// Every client.
    var all: [ClientDriver] { drivers }

    func reactorWoken(_ reactor: Reactor) { woken?() }

    func reactorTurnEnding(_ reactor: Reactor) {
        woken?()
        for driver in drivers { driver.proceed() }
    }

    func reactorNextDeadline(_ reactor: Reactor) -> Int64? {
        if mustCallAgain?() == true { return 0 }
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
