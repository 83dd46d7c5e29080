// SPDX-License-Identifier: Apache-2.0
// A client on the thread of its caller.

import CLinux
import Glibc
package import Net

/// A reactor with its clients, driven by whoever calls `turn`: no thread is started but for names to be
/// looked up and for long steps of TLS.
package final class ClientLoop {
    /// The reactor, for clients that are made on it.
    package let reactor: Reactor
    private let table = DriverTable()

    /// Makes a loop that does nothing yet.
    package init() throws(MQTTError) {
        do throws(SystemError) {
            reactor = try Reactor(index: 0, waker: try Waker())
        } catch {
            throw .unreachable(address: error.call, code: error.code)
        }
        reactor.delegate = table
    }

    deinit {
        reactor.closeConnections()
        // The table has the clients, and they the reactor.
        reactor.delegate = nil
    }

    /// Makes a client that lives here.
    package func makeClient(_ configuration: MQTTConfiguration) throws(MQTTError) -> ClientDriver {
        let driver = try ClientDriver(configuration, on: reactor)
        table.add(driver)
        return driver
    }

    /// Milliseconds of the clock that deadlines are given in.
    package var now: Int64 { Clock.monotonicMilliseconds() }

    /// Waits until something can be done, at most until a time of `now`, and does it; a signal ends the
    /// wait as well.
    package func turn(until deadline: Int64 = .max) { reactor.turn(until: deadline) }

    /// The same, and waits for other descriptors besides; returns those that can be read, or have ended.
    package func turn(until deadline: Int64 = .max, orReadable descriptors: [CInt]) -> [CInt] {
        guard !descriptors.isEmpty else {
            turn(until: deadline)
            return []
        }
        var entries = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        entries.append(pollfd(fd: reactor.pollDescriptor, events: Int16(POLLIN), revents: 0))
        let due = min(deadline, reactor.nextDeadline())
        let wait = due == .max ? -1 : CInt(clamping: max(0, due - now))
        let count = poll(&entries, nfds_t(entries.count), wait)
        let readable =
            count > 0 ? entries.dropLast().filter { $0.revents != 0 }.map(\.fd) : []
        reactor.turn()
        return readable
    }
}
