// SPDX-License-Identifier: Apache-2.0
// What a broker can be told by a signal.

import Glibc

/// What a broker can be told by a signal, by the word for it on the command line.
enum BrokerSignal: String, CaseIterable {
    case configReload = "config-reload"
    case logRotate = "log-rotate"
    case shutdown
    case treePrint = "tree-print"

    /// The signal of the system.
    var number: CInt {
        switch self {
        // One signal does both: a reload opens the log file anew.
        case .configReload, .logRotate: SIGHUP
        case .shutdown: SIGINT
        case .treePrint: SIGUSR2
        }
    }

    /// What the broker does then: one line.
    var summary: String {
        switch self {
        case .configReload: "reload the configuration file and what it names."
        case .logRotate: "open the log file anew; the configuration is reloaded as well."
        case .shutdown: "save what is to be saved, and end."
        case .treePrint: "print the tree of subscriptions to standard output."
        }
    }
}
