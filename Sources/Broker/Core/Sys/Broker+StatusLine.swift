// SPDX-License-Identifier: Apache-2.0
// What a service manager shows of the running broker.

extension Broker {
    /// How many clients there are, in one line.
    package var statusLine: String {
        let connected = census.socketCount
        return "\(connected) clients are connected, \(census.sessionCount) sessions are kept"
    }
}
